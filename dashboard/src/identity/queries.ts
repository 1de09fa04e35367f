// What pages ask the identity service for, beside lists and single things (things.ts).
import { done, identity, take } from "../api/clients";
import { keys } from "../api/keys";
import type { ListSpec } from "../api/queries";
import type { Asked } from "./grants";
import type { Assignment, Credential, Group, Inference, Role, User } from "./models";

/** Who has which role where, with names. */
export function assignmentsOf(asked: Asked): ListSpec<Assignment> {
  return {
    queryKey: [...keys.roles, "assignments", asked],
    page: async () => {
      const params = { query: { ...asked, include_names: true } } as never;
      const found = identity.GET("/v3/role_assignments", { params });
      return { items: (await take<{ role_assignments: Assignment[] }>(found)).role_assignments };
    },
  };
}

/** Which role brings which others along. */
export function inferences(): ListSpec<Inference> {
  return {
    queryKey: [...keys.roles, "inferences"],
    page: async () => {
      const found = identity.GET("/v3/role_inferences");
      return { items: (await take<{ role_inferences: Inference[] }>(found)).role_inferences };
    },
  };
}

const implied = (role: Role, other: { id: string }) => ({
  params: { path: { role_id: role.id, implied_id: other.id } },
});

export function imply(role: Role, other: { id: string }): Promise<void> {
  const url = "/v3/roles/{role_id}/implies/{implied_id}";
  return done(identity.PUT(url, implied(role, other)));
}

export function stopImplying(role: Role, other: { id: string }): Promise<void> {
  const url = "/v3/roles/{role_id}/implies/{implied_id}";
  return done(identity.DELETE(url, implied(role, other)));
}

export function membersOf(group: Group): ListSpec<User> {
  return {
    queryKey: [...keys.groups, "members", group.id],
    page: async () => {
      const params = { path: { group_id: group.id } };
      const found = identity.GET("/v3/groups/{group_id}/users", { params });
      return { items: (await take<{ users: User[] }>(found)).users };
    },
  };
}

export function groupsOf(user: User): ListSpec<Group> {
  return {
    queryKey: [...keys.groups, "of", user.id],
    page: async () => {
      const params = { path: { user_id: user.id } };
      const found = identity.GET("/v3/users/{user_id}/groups", { params });
      return { items: (await take<{ groups: Group[] }>(found)).groups };
    },
  };
}

const member = (group: Group, userId: string) => ({
  params: { path: { group_id: group.id, user_id: userId } },
});

export function addMember(group: Group, userId: string): Promise<void> {
  return done(identity.PUT("/v3/groups/{group_id}/users/{user_id}", member(group, userId)));
}

export function removeMember(group: Group, userId: string): Promise<void> {
  return done(identity.DELETE("/v3/groups/{group_id}/users/{user_id}", member(group, userId)));
}

export function credentialsOf(userId: string): ListSpec<Credential> {
  return {
    queryKey: [...keys.users, "credentials", userId],
    page: async () => {
      const params = { path: { user_id: userId } };
      const url = "/v3/users/{user_id}/application_credentials";
      const found = await take<{ application_credentials: Credential[] }>(
        identity.GET(url, { params }),
      );
      return { items: found.application_credentials };
    },
  };
}

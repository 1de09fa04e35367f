// What pages ask the identity service for.
import { identity, take } from "../api/clients";
import { keys } from "../api/keys";
import { type ListSpec, type OneSpec, PAGE, pageOf } from "../api/queries";
import type { Assignment, Credential, Project, Role, User } from "./models";

interface Links {
  links: { next: string | null };
}

const idOf = (one: { id: string }) => one.id;

export function projectList(): ListSpec<Project> {
  return {
    queryKey: [...keys.projects, "all"],
    page: async (marker) => {
      const params = { query: { limit: PAGE, marker } } as never;
      const asked = identity.GET("/v3/projects", { params });
      const found = await take<{ projects: Project[] } & Links>(asked);
      return pageOf(found.projects, found.links.next, idOf);
    },
  };
}

export function projectOne(id: string): OneSpec<Project> {
  return {
    queryKey: [...keys.projects, "one", id],
    queryFn: async () => {
      const params = { path: { project_id: id } };
      const asked = identity.GET("/v3/projects/{project_id}", { params });
      return (await take<{ project: Project }>(asked)).project;
    },
  };
}

/** Who has which role in a project, with names. */
export function membersOf(projectId: string): ListSpec<Assignment> {
  return {
    queryKey: [...keys.projects, "members", projectId],
    page: async () => {
      const params = { query: { "scope.project.id": projectId, include_names: true } } as never;
      const asked = identity.GET("/v3/role_assignments", { params });
      return { items: (await take<{ role_assignments: Assignment[] }>(asked)).role_assignments };
    },
  };
}

export function userList(): ListSpec<User> {
  return {
    queryKey: [...keys.users, "all"],
    page: async (marker) => {
      const params = { query: { limit: PAGE, marker } } as never;
      const asked = identity.GET("/v3/users", { params });
      const found = await take<{ users: User[] } & Links>(asked);
      return pageOf(found.users, found.links.next, idOf);
    },
  };
}

export function roleList(): ListSpec<Role> {
  return {
    queryKey: [...keys.roles, "all"],
    page: async () => {
      const found = await take<{ roles: Role[] }>(identity.GET("/v3/roles"));
      return { items: found.roles };
    },
  };
}

export function credentialsOf(userId: string): ListSpec<Credential> {
  return {
    queryKey: [...keys.users, "credentials", userId],
    page: async () => {
      const params = { path: { user_id: userId } };
      const asked = identity.GET("/v3/users/{user_id}/application_credentials", { params });
      const found = await take<{ application_credentials: Credential[] }>(asked);
      return { items: found.application_credentials };
    },
  };
}

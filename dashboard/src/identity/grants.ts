// A role given to somebody somewhere: where the API keeps it, and the command that does the same.
import { done, identity } from "../api/clients";
import { openstack } from "../parts/shell_words";
import type { Assignment } from "./models";

export type Actor = "user" | "group";
export type Place = "project" | "domain" | "system";

export interface Grant {
  actor: Actor;
  actorId: string;
  place: Place;
  /** Of the system there is only one: "all". */
  placeId: string;
  roleId: string;
  /** For the projects below the place instead of the place itself. */
  inherited: boolean;
}

/** What a list of assignments is narrowed by; names are the API's. */
export type Asked = Partial<
  Record<"user.id" | "group.id" | "role.id" | "scope.project.id" | "scope.domain.id", string>
>;

export function grantOf(one: Assignment): Grant {
  const { project, domain } = one.scope;
  return {
    actor: one.group ? "group" : "user",
    actorId: (one.group ?? one.user)?.id ?? "",
    place: project ? "project" : domain ? "domain" : "system",
    placeId: (project ?? domain)?.id ?? "all",
    roleId: one.role.id,
    inherited: "OS-INHERIT:inherited_to" in one.scope,
  };
}

export function keyOf(one: Assignment): string {
  return Object.values(grantOf(one)).join("/");
}

type Path = "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}";

/** Every kind of actor and place has a path of its own, all of one form. */
export function pathOf({ actor, place, inherited }: Grant): Path {
  const where = place === "system" ? "system" : `${place}s/{project_id}`;
  const what = `${where}/${actor}s/{user_id}/roles/{role_id}`;
  return (inherited ? `/v3/OS-INHERIT/${what}/inherited_to_projects` : `/v3/${what}`) as Path;
}

function paramsOf({ actorId, placeId, roleId }: Grant) {
  return { params: { path: { project_id: placeId, user_id: actorId, role_id: roleId } } };
}

export function give(grant: Grant): Promise<void> {
  return done(identity.PUT(pathOf(grant), paramsOf(grant)));
}

export function withdraw(grant: Grant): Promise<void> {
  return done(identity.DELETE(pathOf(grant), paramsOf(grant)));
}

/** Blanks are filled with words that say what is to come there. */
export function grantCli(verb: "add" | "remove", grant: Grant, role: string): string {
  return openstack(
    ...["role", verb, `--${grant.place}`, grant.placeId || grant.place.toUpperCase()],
    ...[`--${grant.actor}`, grant.actorId || grant.actor.toUpperCase()],
    ...[grant.inherited && "--inherited", role || "ROLE"],
  );
}

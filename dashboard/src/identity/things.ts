// The identity API speaks of projects, domains, groups, roles and users in one way; this says it once.
import type { QueryKey } from "@tanstack/react-query";
import { done, identity, take } from "../api/clients";
import { keys } from "../api/keys";
import { type ListSpec, type OneSpec, PAGE, pageOf } from "../api/queries";
import { openstack } from "../parts/shell_words";
import type { Domain, Group, Project, Role, User } from "./models";

/** A kind of thing: its name in bodies and commands, and what a change of it makes stale. */
export interface Kind<T> {
  one: "project" | "domain" | "group" | "role" | "user";
  queryKey: QueryKey;
  /** Never set: ties the kind to its shape. */
  shape?: T;
}

export const PROJECT: Kind<Project> = { one: "project", queryKey: keys.projects };
export const DOMAIN: Kind<Domain> = { one: "domain", queryKey: keys.domains };
export const GROUP: Kind<Group> = { one: "group", queryKey: keys.groups };
export const ROLE: Kind<Role> = { one: "role", queryKey: keys.roles };
export const USER: Kind<User> = { one: "user", queryKey: keys.users };

/** Deleting any of them takes its roles along. */
export function staleBy<T>(what: Kind<T>): QueryKey[] {
  return [what.queryKey, keys.roles];
}

function all<T>(what: Kind<T>): "/v3/projects" {
  return `/v3/${what.one}s` as "/v3/projects";
}

function each<T>(what: Kind<T>): "/v3/projects/{project_id}" {
  return `/v3/${what.one}s/{project_id}` as "/v3/projects/{project_id}";
}

export function listOf<T extends { id: string }>(what: Kind<T>): ListSpec<T> {
  return {
    queryKey: [...what.queryKey, "all"],
    page: async (marker) => {
      const params = { query: { limit: PAGE, marker } } as never;
      const asked = identity.GET(all(what), { params });
      const found = await take<Record<string, unknown> & { links: { next: unknown } }>(asked);
      return pageOf(found[`${what.one}s`] as T[], found.links.next, (one) => one.id);
    },
  };
}

export function oneOf<T>(what: Kind<T>, id: string): OneSpec<T> {
  return {
    queryKey: [...what.queryKey, "one", id],
    queryFn: async () => {
      const asked = identity.GET(each(what), { params: { path: { project_id: id } } });
      return (await take<Record<string, T>>(asked))[what.one] as T;
    },
  };
}

export function create<T>(what: Kind<T>, body: Record<string, unknown>): Promise<void> {
  return done(identity.POST(all(what), { body: { [what.one]: body } as never }));
}

export function update<T>(what: Kind<T>, id: string, body: Record<string, unknown>): Promise<void> {
  const params = { path: { project_id: id } };
  return done(identity.PATCH(each(what), { params, body: { [what.one]: body } as never }));
}

/** What deletes things of the kind, as `useRemoval` takes it. */
export function removalOf<T extends { id: string; name: string }>(what: Kind<T>) {
  return {
    name: (one: T) => one.name,
    cli: (one: T) => openstack(what.one, "delete", one.id),
    remove: (one: T) =>
      done(identity.DELETE(each(what), { params: { path: { project_id: one.id } } })),
    stale: staleBy(what),
  };
}

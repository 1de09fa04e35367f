// Signing in, choosing a project, signing out: Keystone's tokens and nothing else.
import { done, identity, take } from "./clients";
import { errorOf } from "./errors";
import { type Scope, type Service, type Session, getSession, setSession } from "./session";

interface Named {
  id: string;
  name: string;
}

interface Token {
  expires_at: string;
  user: Named & { domain: Named };
  project?: Named & { domain: Named };
  roles?: Named[];
  catalog?: Service[];
}

export interface Password {
  user: string;
  password: string;
  domain: string;
}

export interface Credential {
  id: string;
  secret: string;
}

export interface Project {
  id: string;
  name: string;
  domain_id: string;
  enabled: boolean;
}

function scopeOf(one: Named & { domain: Named }): Scope {
  return { id: one.id, name: one.name, domain: one.domain.name };
}

async function ask(auth: unknown, token?: string): Promise<Session> {
  const response = await fetch("/identity/v3/auth/tokens", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(token && { "X-Auth-Token": token }) },
    body: JSON.stringify({ auth }),
  });
  const body = (await response.json().catch(() => null)) as { token: Token } | null;
  if (!response.ok || !body) throw errorOf(response, body);
  const found = body.token;
  const regions = found.catalog?.flatMap((one) => one.endpoints.map((each) => each.region)) ?? [];
  const kept = getSession()?.region;
  return {
    token: response.headers.get("X-Subject-Token") ?? "",
    expiresAt: found.expires_at,
    user: scopeOf(found.user),
    project: found.project ? scopeOf(found.project) : null,
    roles: found.roles?.map((one) => one.name) ?? [],
    catalog: found.catalog ?? [],
    region: kept && regions.includes(kept) ? kept : (regions[0] ?? "RegionOne"),
    byCredential: false,
  };
}

/** A token without a project, good for asking which projects there are. */
export function signInByPassword({ user, password, domain }: Password): Promise<Session> {
  const who = { name: user, password, domain: { name: domain } };
  return ask({ identity: { methods: ["password"], password: { user: who } }, scope: "unscoped" });
}

/** A credential belongs to one project, so there is nothing to choose. */
export async function signInByCredential({ id, secret }: Credential): Promise<Session> {
  const credential = { id, secret };
  const methods = ["application_credential"];
  const made = await ask({ identity: { methods, application_credential: credential } });
  return { ...made, byCredential: true };
}

/** The same user in a project. */
export async function enterProject(token: string, projectId: string): Promise<Session> {
  return ask(
    {
      identity: { methods: ["token"], token: { id: token } },
      scope: { project: { id: projectId } },
    },
    token,
  );
}

export async function projectsOf(token: string): Promise<Project[]> {
  const asked = identity.GET("/v3/auth/projects", { headers: { "X-Auth-Token": token } });
  const { projects } = await take<{ projects: Project[] }>(asked);
  return projects.filter((one) => one.enabled).sort((a, b) => a.name.localeCompare(b.name));
}

/** The token is withdrawn, so that a copy of it is worth nothing; then it is forgotten here. */
export async function signOut(): Promise<void> {
  const token = getSession()?.token;
  setSession(null);
  if (!token) return;
  const headers = { "X-Auth-Token": token, "X-Subject-Token": token };
  await done(identity.DELETE("/v3/auth/tokens", { headers })).catch(() => undefined);
}

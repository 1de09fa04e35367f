// Who is signed in, in this tab. The token lives in memory and in sessionStorage: gone with the
// tab, unseen by other origins; never in localStorage, a cookie or a URL.
import { useSyncExternalStore } from "react";

export interface Endpoint {
  interface: string;
  region: string;
  url: string;
}

export interface Service {
  type: string;
  name: string;
  endpoints: Endpoint[];
}

export interface Scope {
  id: string;
  name: string;
  domain: string;
}

export interface Session {
  token: string;
  expiresAt: string;
  user: Scope;
  project: Scope | null;
  roles: string[];
  catalog: Service[];
  region: string;
  byCredential: boolean;
}

const KEY = "unkai.session";
const listeners = new Set<() => void>();
let current: Session | null = restore();
let expired = false;

function restore(): Session | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Session | null;
    return found && Date.parse(found.expiresAt) > Date.now() ? found : null;
  } catch {
    return null;
  }
}

export function getSession(): Session | null {
  return current;
}

export function setSession(session: Session | null): void {
  current = session;
  expired = false;
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
  listeners.forEach((tell) => tell());
}

/** The cloud no longer takes the token: forget it, and say so at the sign-in. */
export function expireSession(): void {
  if (!current) return;
  setSession(null);
  expired = true;
}

export function hasExpired(): boolean {
  return expired;
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export function useSession(): Session | null {
  return useSyncExternalStore(subscribe, getSession);
}

export function isAdmin(session: Session | null): boolean {
  return session?.roles.includes("admin") ?? false;
}

export function regionsOf(session: Session | null): string[] {
  const all = session?.catalog.flatMap((one) => one.endpoints.map((each) => each.region)) ?? [];
  return [...new Set(all)].sort();
}

/**
 * The path of a service's public endpoint in the session's region; null where the catalog does not
 * speak of the service. A service that is only in other regions is an error: what is asked of this
 * region must not be answered by another. Identity is one for all of them.
 */
export function endpointPath(type: string): string | null {
  const all = current?.catalog.find((one) => one.type === type)?.endpoints ?? [];
  const open = all.filter((one) => one.interface === "public");
  const found = open.find((one) => one.region === current?.region);
  if (!found && open.length > 0 && type !== "identity")
    throw new Error(`The region ${current?.region ?? ""} has no ${type} service.`);
  return found ? new URL(found.url).pathname.replace(/\/$/, "") : null;
}

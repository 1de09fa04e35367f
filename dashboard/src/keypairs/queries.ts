// Key pairs and server groups: what is asked for, and what is changed.
import { compute, done, take } from "../api/clients";
import { keys } from "../api/keys";
import type { Keypair } from "../api/models";
import { type ListSpec, PAGE, pageOf } from "../api/queries";

export const POLICIES = [
  "anti-affinity",
  "affinity",
  "soft-anti-affinity",
  "soft-affinity",
] as const;
export type Policy = (typeof POLICIES)[number];

export interface ServerGroup {
  id: string;
  name: string;
  policy: Policy;
  rules: { max_server_per_host?: number };
  members: string[];
}

/** The last microversion at which the service makes keys itself. */
const MAKES_KEYS = { "OpenStack-API-Version": "compute 2.91" };

export function keypairPages(): ListSpec<Keypair> {
  return {
    queryKey: [...keys.keypairs, "pages"],
    page: async (marker) => {
      const query = { limit: PAGE, marker } as never;
      const found = await take<{ keypairs: { keypair: Keypair }[]; keypairs_links?: unknown }>(
        compute.GET("/os-keypairs", { params: { query } }),
      );
      const items = found.keypairs.map((one) => one.keypair);
      return pageOf(items, found.keypairs_links, (one) => one.name);
    },
  };
}

export function importKeypair(name: string, publicKey: string): Promise<void> {
  const keypair = { name, public_key: publicKey };
  return done(compute.POST("/os-keypairs", { body: { keypair } as never }));
}

/** The private key of a new pair. Nobody keeps it but the caller. */
export async function createKeypair(name: string): Promise<string> {
  const asked = compute.POST("/os-keypairs", {
    headers: MAKES_KEYS,
    body: { keypair: { name } } as never,
  });
  return (await take<{ keypair: { private_key: string } }>(asked)).keypair.private_key;
}

export function removeKeypair(name: string): Promise<void> {
  const path = { keypair_name: name };
  return done(compute.DELETE("/os-keypairs/{keypair_name}", { params: { path } }));
}

export function serverGroupList(): ListSpec<ServerGroup> {
  return {
    queryKey: [...keys.serverGroups, "list"],
    page: async () => {
      const asked = compute.GET("/os-server-groups");
      return { items: (await take<{ server_groups: ServerGroup[] }>(asked)).server_groups };
    },
  };
}

export function createServerGroup(name: string, policy: Policy, most?: number): Promise<void> {
  const rules = most === undefined ? undefined : { max_server_per_host: most };
  const server_group = { name, policy, rules };
  return done(compute.POST("/os-server-groups", { body: { server_group } as never }));
}

export function removeServerGroup(id: string): Promise<void> {
  const path = { group_id: id };
  return done(compute.DELETE("/os-server-groups/{group_id}", { params: { path } }));
}

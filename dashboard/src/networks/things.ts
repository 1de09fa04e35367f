// The network API speaks of all its things in one way; this says it once.
import type { QueryKey } from "@tanstack/react-query";
import { done, network, take } from "../api/clients";
import { keys } from "../api/keys";
import { FIRST, type ListSpec, type OneSpec, type RowSpec, orNull, pageOf } from "../api/queries";
import type {
  FloatingIpFull,
  NetworkFull,
  PortFull,
  Router,
  Rule,
  SecurityGroupFull,
  SubnetFull,
} from "./models";

/** A kind of thing: its name in bodies, its place in paths, what a change of it makes stale. */
export interface Kind<T> {
  one: string;
  many: string;
  path: string;
  queryKey: QueryKey;
  stale: QueryKey[];
  /** Never set: ties the kind to its shape. */
  shape?: T;
}

function kind<T>(one: string, path: string, queryKey: QueryKey, ...more: QueryKey[]): Kind<T> {
  return { one, many: `${one}s`, path, queryKey, stale: [queryKey, ...more, keys.networkQuota] };
}

export const NETWORK = kind<NetworkFull>("network", "networks", keys.networks, keys.subnets);
export const SUBNET = kind<SubnetFull>("subnet", "subnets", keys.subnets, keys.networks);
export const PORT = kind<PortFull>("port", "ports", keys.ports);
export const ROUTER = kind<Router>("router", "routers", keys.routers, keys.ports);
export const FLOATING_IP = kind<FloatingIpFull>(
  "floatingip",
  "floatingips",
  keys.floatingIps,
  keys.servers,
);
export const SECURITY_GROUP = kind<SecurityGroupFull>(
  "security_group",
  "security-groups",
  keys.securityGroups,
);
export const RULE = kind<Rule>("security_group_rule", "security-group-rules", keys.securityGroups);

function all(path: string): "/v2.0/networks" {
  return `/v2.0/${path}` as "/v2.0/networks";
}

function each(path: string): "/v2.0/networks/{network_id}" {
  return `/v2.0/${path}/{network_id}` as "/v2.0/networks/{network_id}";
}

export function listOf<T extends { id: string }>(
  asked: Kind<T>,
  filter: Record<string, string> = {},
): ListSpec<T> {
  return {
    queryKey: [...asked.queryKey, "all", filter],
    first: FIRST,
    row: Object.keys(filter).length === 0 ? rowOf(asked) : undefined,
    page: async (marker, limit) => {
      const query = { limit, marker, ...filter } as never;
      const found = await take<Record<string, unknown>>(
        network.GET(all(asked.path), { params: { query } }),
      );
      return pageOf(found[asked.many] as T[], found[`${asked.many}_links`], (one) => one.id);
    },
  };
}

function rowOf<T extends { id: string }>(asked: Kind<T>): RowSpec<T> {
  const kind = asked.one === "floatingip" ? "floating_ip" : asked.one;
  return { kind, id: (one) => one.id, read: (id) => orNull(oneOf(asked, id).queryFn()) };
}

export function oneOf<T>(asked: Kind<T>, id: string): OneSpec<T> {
  return {
    queryKey: [...asked.queryKey, "one", id],
    queryFn: async () => {
      const path = { network_id: id };
      const found = await take<Record<string, T>>(
        network.GET(each(asked.path), { params: { path } }),
      );
      return found[asked.one] as T;
    },
  };
}

export async function create<T>(what: Kind<T>, body: Record<string, unknown>): Promise<T> {
  const asked = network.POST(all(what.path), { body: { [what.one]: body } as never });
  return (await take<Record<string, T>>(asked))[what.one] as T;
}

export function update<T>(what: Kind<T>, id: string, body: Record<string, unknown>): Promise<void> {
  const path = { network_id: id };
  return done(
    network.PUT(each(what.path), { params: { path }, body: { [what.one]: body } as never }),
  );
}

export function remove<T>(what: Kind<T>, id: string): Promise<void> {
  return done(network.DELETE(each(what.path), { params: { path: { network_id: id } } }));
}

export function addInterface(routerId: string, subnetId: string): Promise<void> {
  const params = { path: { router_id: routerId } };
  const body = { subnet_id: subnetId } as never;
  return done(network.PUT("/v2.0/routers/{router_id}/add_router_interface", { params, body }));
}

export function removeInterface(routerId: string, portId: string): Promise<void> {
  const params = { path: { router_id: routerId } };
  const body = { port_id: portId } as never;
  return done(network.PUT("/v2.0/routers/{router_id}/remove_router_interface", { params, body }));
}

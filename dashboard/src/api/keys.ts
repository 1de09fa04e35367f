// Names of what was asked: [service, noun, ...]. Whatever changes a noun makes all that begins
// with [service, noun] stale: lists, one of them, and what is below it.
import type { QueryKey } from "@tanstack/react-query";

export const keys = {
  servers: ["compute", "servers"],
  flavors: ["compute", "flavors"],
  keypairs: ["compute", "keypairs"],
  serverGroups: ["compute", "server-groups"],
  limits: ["compute", "limits"],
  hypervisors: ["compute", "hypervisors"],
  images: ["image", "images"],
  networks: ["network", "networks"],
  subnets: ["network", "subnets"],
  ports: ["network", "ports"],
  routers: ["network", "routers"],
  floatingIps: ["network", "floatingips"],
  securityGroups: ["network", "security-groups"],
  networkQuota: ["network", "quota"],
  nodes: ["baremetal", "nodes"],
  projects: ["identity", "projects"],
  users: ["identity", "users"],
  placements: ["unkai", "placements"],
  operations: ["unkai", "operations"],
  roles: ["identity", "roles"],
  groups: ["identity", "groups"],
  domains: ["identity", "domains"],
  aggregates: ["compute", "aggregates"],
} as const satisfies Record<string, QueryKey>;

/** The kind of an event to what it makes stale. */
export const STALE_BY_KIND: Record<string, QueryKey[]> = {
  server: [keys.servers, keys.placements, keys.limits],
  operation: [keys.operations],
  node: [keys.nodes],
  host: [keys.hypervisors],
  flavor: [keys.flavors],
  keypair: [keys.keypairs],
  aggregate: [keys.aggregates],
  server_group: [keys.serverGroups],
  quota: [keys.limits, keys.networkQuota],
  image: [keys.images],
  network: [keys.networks, keys.networkQuota],
  subnet: [keys.subnets, keys.networks],
  port: [keys.ports],
  router: [keys.routers],
  floating_ip: [keys.floatingIps, keys.networkQuota],
  security_group: [keys.securityGroups, keys.networkQuota],
  project: [keys.projects],
  domain: [keys.domains],
  user: [keys.users],
  group: [keys.groups],
  role: [keys.roles],
};

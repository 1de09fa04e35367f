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
  timelines: ["unkai", "timelines"],
  placements: ["unkai", "placements"],
  operations: ["unkai", "operations"],
} as const satisfies Record<string, QueryKey>;

/** The kind in an event's subject ("server/<id>") to what it makes stale. */
export const STALE_BY_SUBJECT: Record<string, QueryKey[]> = {
  server: [keys.servers, keys.timelines, keys.placements, keys.operations, keys.limits],
  node: [keys.nodes, keys.timelines, keys.operations],
  image: [keys.images],
  port: [keys.ports, keys.servers],
  network: [keys.networks],
  subnet: [keys.subnets, keys.networks],
  router: [keys.routers],
  floatingip: [keys.floatingIps, keys.servers],
  security_group: [keys.securityGroups],
  flavor: [keys.flavors],
  keypair: [keys.keypairs],
  operation: [keys.operations],
};

import { expect, test } from "vitest";
import { type Parts, folded, neighboursOf, placed, topologyOf } from "./topology_model";

const parts = {
  networks: [
    { id: "ext", name: "outside", status: "ACTIVE", "router:external": true },
    { id: "net", name: "inside", status: "ACTIVE", "router:external": false },
  ],
  subnets: [{ id: "sub", network_id: "net", cidr: "10.0.0.0/24" }],
  routers: [
    {
      id: "r",
      name: "",
      status: "ACTIVE",
      external_gateway_info: {
        network_id: "ext",
        external_fixed_ips: [{ ip_address: "198.51.100.2" }],
      },
    },
  ],
  ports: [
    port("p1", "net", "r", "network:router_interface", "10.0.0.1"),
    port("p2", "net", "s", "compute:nova", "10.0.0.9"),
    port("p3", "ext", "r", "network:router_gateway", "198.51.100.2"),
    port("p4", "net", "dhcp", "network:dhcp", "10.0.0.2"),
    port("p5", "elsewhere", "s", "compute:nova", "10.9.0.9"),
  ],
  servers: [{ id: "s", name: "web", status: "ACTIVE" }],
  floatingIps: [{ id: "f", port_id: "p2", floating_ip_address: "198.51.100.7" }],
} as unknown as Parts;

function port(id: string, network_id: string, device_id: string, owner: string, ip: string) {
  const fixed_ips = [{ subnet_id: "sub", ip_address: ip }];
  return { id, network_id, device_id, device_owner: owner, fixed_ips };
}

test("outside, router, network and server hang on each other", () => {
  const { points, lines } = topologyOf(parts);
  expect(points.map((one) => [one.kind, one.name])).toEqual([
    ["external", "outside"],
    ["network", "inside"],
    ["router", "r"],
    ["server", "web"],
  ]);
  expect(lines.map((one) => `${one.from}-${one.to}`)).toEqual(["ext-r", "r-net", "net-s"]);
  expect(points.at(-1)?.addresses).toEqual(["10.0.0.9", "10.9.0.9", "198.51.100.7"]);
});

test("no two points are drawn in one place", () => {
  const servers = Array.from({ length: 50 }, (_, at) => ({
    id: `s${at}`,
    name: `web${at}`,
    status: "ACTIVE",
  }));
  const ports = servers.map((one) =>
    port(`p-${one.id}`, "net", one.id, "compute:nova", "10.0.0.9"),
  );
  const more = { ...parts, servers, ports: [...parts.ports, ...ports] } as unknown as Parts;
  const places = placed(topologyOf(more)).map((one) => `${one.x} ${one.y}`);
  expect(new Set(places).size).toBe(53);
});

test("a crowd of servers is one point that says how many of them are in which state", () => {
  const servers = Array.from({ length: 40 }, (_, at) => ({
    id: `s${at}`,
    name: `web${at}`,
    status: at === 7 ? "ERROR" : "ACTIVE",
  }));
  const ports = servers.map((one) =>
    port(`p-${one.id}`, "net", one.id, "compute:nova", "10.0.0.9"),
  );
  const more = { ...parts, servers, ports: [...parts.ports, ...ports] } as unknown as Parts;
  const { points, lines } = folded(topologyOf(more), 30);
  const crowd = points.at(-1);
  expect(points).toHaveLength(4);
  expect([crowd?.many, crowd?.status, crowd?.addresses]).toEqual([
    40,
    "ERROR",
    ["39 ACTIVE", "1 ERROR"],
  ]);
  expect(lines.at(-1)).toEqual({ from: "net", to: crowd?.id, address: "" });
  expect(folded(topologyOf(more), 40).points).toHaveLength(43);
});

test("neighbours are told from both ends", () => {
  const found = neighboursOf(topologyOf(parts));
  expect(found.get("s")).toBe("inside (10.0.0.9)");
  expect(found.get("net")).toBe("r (10.0.0.1), web (10.0.0.9)");
});

// Who is connected to what: external networks on top, routers below them, then networks, then the
// servers on them. Pure, so that it is tested without a browser.
import type { Server } from "../api/models";
import { isRouterPort, isServerPort } from "./ports";
import type { FloatingIpFull, NetworkFull, PortFull, Router, SubnetFull } from "./models";

export type PointKind = "external" | "router" | "network" | "server";

export interface Point {
  id: string;
  kind: PointKind;
  name: string;
  status: string;
  /** Ranges of a network, addresses of a router or server. */
  addresses: string[];
  /** How many servers this stands for, where they are too many to be drawn. */
  many?: number;
}

export interface Line {
  from: string;
  to: string;
  address: string;
}

export interface Topology {
  points: Point[];
  lines: Line[];
}

export interface Parts {
  networks: NetworkFull[];
  subnets: SubnetFull[];
  routers: Router[];
  ports: PortFull[];
  servers: Server[];
  floatingIps: FloatingIpFull[];
}

const nameOf = (one: { id: string; name: string }): string => one.name || one.id.slice(0, 8);

export function topologyOf(parts: Parts): Topology {
  const { networks, subnets, routers, ports, servers, floatingIps } = parts;
  const ranges = grouped(subnets, (one) => one.network_id);
  const plugs = grouped(ports, (one) => one.device_id);
  const floating = grouped(floatingIps, (one) => one.port_id ?? "");
  const points: Point[] = [
    ...networks.map((one) => ({
      id: one.id,
      kind: one["router:external"] ? ("external" as const) : ("network" as const),
      name: nameOf(one),
      status: one.status,
      addresses: ranges.get(one.id)?.map((each) => each.cidr) ?? [],
    })),
    ...routers.map((one) => ({
      id: one.id,
      kind: "router" as const,
      name: nameOf(one),
      status: one.status,
      addresses: one.external_gateway_info?.external_fixed_ips.map((ip) => ip.ip_address) ?? [],
    })),
    ...servers.map((one) => ({
      id: one.id,
      kind: "server" as const,
      name: nameOf(one),
      status: one.status,
      addresses: addressesOf(plugs.get(one.id) ?? [], floating),
    })),
  ];
  const known = new Set(points.map((one) => one.id));
  const lines = [...gateways(routers), ...plugged(ports)];
  return { points, lines: lines.filter((one) => known.has(one.from) && known.has(one.to)) };
}

function grouped<T>(all: T[], by: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const group = found.get(by(one));
    if (group) group.push(one);
    else found.set(by(one), [one]);
  }
  return found;
}

function addressesOf(ports: PortFull[], floating: Map<string, FloatingIpFull[]>): string[] {
  return [
    ...ports.flatMap((one) => one.fixed_ips.map((each) => each.ip_address)),
    ...ports.flatMap((one) => floating.get(one.id) ?? []).map((one) => one.floating_ip_address),
  ];
}

function gateways(routers: Router[]): Line[] {
  return routers.flatMap((one) => {
    const gateway = one.external_gateway_info;
    if (!gateway) return [];
    const address = gateway.external_fixed_ips[0]?.ip_address ?? "";
    return [{ from: gateway.network_id, to: one.id, address }];
  });
}

function plugged(ports: PortFull[]): Line[] {
  return ports.flatMap((port) => {
    const address = port.fixed_ips[0]?.ip_address ?? "";
    if (isServerPort(port)) return [{ from: port.network_id, to: port.device_id, address }];
    if (isRouterPort(port) && port.device_owner !== "network:router_gateway")
      return [{ from: port.device_id, to: port.network_id, address }];
    return [];
  });
}

export interface Placed extends Point {
  x: number;
  y: number;
}

const ROWS: PointKind[] = ["external", "router", "network", "server"];
export const WIDTH = 208;
const GAP_X = 26;
const ROW_PX = 168;
const SERVER_PX = 106;
/** Servers of one network stand below each other, about twice as high as wide. */
const COLUMNS = 3;

/** What each point is connected to, in words: "private (10.0.0.5), public". */
export function neighboursOf({ points, lines }: Topology): Map<string, string> {
  const names = new Map(points.map((one) => [one.id, one.name]));
  const ends = lines.flatMap(({ from, to, address }) => [
    { of: from, other: names.get(to) ?? "", address },
    { of: to, other: names.get(from) ?? "", address },
  ]);
  const words = (one: { other: string; address: string }) =>
    one.address ? `${one.other} (${one.address})` : one.other;
  return new Map(
    [...grouped(ends, (one) => one.of)].map(([id, own]) => [id, own.map(words).join(", ")]),
  );
}

/** Servers of the same networks as one point where there are more than `most` of them. */
export function folded(topology: Topology, most: number): Topology {
  const { points, lines } = topology;
  const above = grouped(lines, (one) => one.to);
  const networksOf = (one: Point) => [...new Set(above.get(one.id)?.map((line) => line.from))];
  const servers = points.filter((one) => one.kind === "server");
  const groups = grouped(servers, (one) => networksOf(one).sort().join(" "));
  const crowds = [...groups].filter(([, members]) => members.length > most);
  const gone = new Set(crowds.flatMap(([, members]) => members.map((one) => one.id)));
  return {
    points: [...points.filter((one) => !gone.has(one.id)), ...crowds.map(crowd)],
    lines: [
      ...lines.filter((one) => !gone.has(one.to)),
      ...crowds.flatMap(([key]) =>
        key
          .split(" ")
          .filter(Boolean)
          .map((from) => ({ from, to: `servers of ${key}`, address: "" })),
      ),
    ],
  };
}

function crowd([key, members]: [string, Point[]]): Point {
  const states = [...grouped(members, (one) => one.status)].sort(
    (a, b) => b[1].length - a[1].length,
  );
  return {
    id: `servers of ${key}`,
    kind: "server",
    name: "",
    status: states.find(([state]) => state === "ERROR")?.[0] ?? states[0]?.[0] ?? "",
    addresses: states.map(([state, some]) => `${some.length} ${state}`),
    many: members.length,
  };
}

/** Where each point is drawn: by rows, each below the first that it hangs on. */
export function placed({ points, lines }: Topology): Placed[] {
  const firstAbove = new Map(lines.toReversed().map((one) => [one.to, one.from]));
  const above = (id: string) => firstAbove.get(id) ?? "";
  const columns = columnsBelow(points, lines);
  const found: Placed[] = [];
  const x = new Map<string, number>();
  for (const [row, kind] of ROWS.slice(0, 3).entries()) {
    const own = points.filter((one) => one.kind === kind);
    const order = own.map((one) => ({ one, wish: x.get(above(one.id)) ?? Infinity }));
    order.sort((a, b) => a.wish - b.wish || a.one.name.localeCompare(b.one.name));
    const step = (kind === "network" ? columns : 1) * (WIDTH + GAP_X);
    order.forEach(({ one }, at) => {
      x.set(one.id, at * step);
      found.push({ ...one, x: at * step, y: row * ROW_PX });
    });
  }
  const lone = loneX(x, columns);
  const filled = new Map<string, number>();
  for (const one of points.filter((each) => each.kind === "server")) {
    const network = above(one.id);
    const at = filled.get(network) ?? 0;
    filled.set(network, at + 1);
    found.push({
      ...one,
      ...(network ? below(x.get(network) ?? 0, at, columns) : { x: lone, y: at * SERVER_PX }),
    });
  }
  return found;
}

function below(x: number, at: number, columns: number): { x: number; y: number } {
  const y = 3 * ROW_PX + Math.floor(at / columns) * SERVER_PX;
  return { x: x + (at % columns) * (WIDTH + GAP_X), y };
}

/** Servers without a network stand beside all others. */
function loneX(x: Map<string, number>, columns: number): number {
  return Math.max(0, ...x.values()) + columns * (WIDTH + GAP_X);
}

/** How many columns of servers a network needs: few servers, few columns. */
function columnsBelow(points: Point[], lines: Line[]): number {
  const servers = new Set(points.filter((one) => one.kind === "server").map((one) => one.id));
  const counts = new Map<string, number>();
  for (const line of lines)
    if (servers.has(line.to)) counts.set(line.from, (counts.get(line.from) ?? 0) + 1);
  const most = Math.max(1, ...counts.values());
  return Math.min(COLUMNS, Math.ceil(Math.sqrt(most / 2)));
}

// A port as a form holds it; only what differs from the port is sent.
import type { AddressPair, PortFull } from "./models";
import { words } from "./subnet_draft";

export interface PortDraft {
  name: string;
  /** One to a space or comma; empty: any free one. */
  addresses: string;
  security: boolean;
  /** null: the project's default one. */
  groups: string[] | null;
  /** "address" or "address mac", one a line. */
  pairs: string;
  up: boolean;
}

export function freshPort(): PortDraft {
  return { name: "", addresses: "", security: true, groups: null, pairs: "", up: true };
}

function pairLine(pair: AddressPair, port: PortFull): string {
  const own = pair.mac_address === port.mac_address;
  return own || !pair.mac_address ? pair.ip_address : `${pair.ip_address} ${pair.mac_address}`;
}

export function draftOf(port: PortFull): PortDraft {
  return {
    name: port.name,
    addresses: port.fixed_ips.map((one) => one.ip_address).join(", "),
    security: port.port_security_enabled,
    groups: port.security_groups,
    pairs: port.allowed_address_pairs.map((one) => pairLine(one, port)).join("\n"),
    up: port.admin_state_up,
  };
}

export function pairsOf(text: string): AddressPair[] {
  return text
    .split("\n")
    .map((line) => words(line))
    .filter((line) => line.length > 0)
    .map(([ip_address = "", mac_address]) => ({ ip_address, ...(mac_address && { mac_address }) }));
}

/** Without a port: all of a new one. */
export function portBody(draft: PortDraft, port?: PortFull): Record<string, unknown> {
  const before = port && draftOf(port);
  const differs = (key: keyof PortDraft) =>
    JSON.stringify(draft[key]) !== JSON.stringify((before ?? freshPort())[key]);
  const body: Record<string, unknown> = {};
  if (differs("name")) body.name = draft.name;
  if (differs("addresses"))
    body.fixed_ips = words(draft.addresses).map((ip_address) => ({ ip_address }));
  if (differs("up")) body.admin_state_up = draft.up;
  if (differs("security")) body.port_security_enabled = draft.security;
  if (!draft.security) {
    if (port && port.security_groups.length > 0) body.security_groups = [];
    if (port && port.allowed_address_pairs.length > 0) body.allowed_address_pairs = [];
    return body;
  }
  if (differs("groups")) body.security_groups = draft.groups ?? [];
  if (differs("pairs")) body.allowed_address_pairs = pairsOf(draft.pairs);
  return body;
}

export function portOptions(draft: PortDraft, port?: PortFull): string[] {
  const body = portBody(draft, port) as {
    fixed_ips?: { ip_address: string }[];
    security_groups?: string[];
    allowed_address_pairs?: AddressPair[];
    admin_state_up?: boolean;
    port_security_enabled?: boolean;
  };
  const pair = (one: AddressPair) =>
    `ip-address=${one.ip_address}${one.mac_address ? `,mac-address=${one.mac_address}` : ""}`;
  const { admin_state_up: up, port_security_enabled: security } = body;
  return [
    ...(port && body.fixed_ips ? ["--no-fixed-ip"] : []),
    ...(body.fixed_ips ?? []).flatMap((one) => ["--fixed-ip", `ip-address=${one.ip_address}`]),
    ...(port && body.security_groups ? ["--no-security-group"] : []),
    ...(body.security_groups ?? []).flatMap((one) => ["--security-group", one]),
    ...(port && body.allowed_address_pairs ? ["--no-allowed-address"] : []),
    ...(body.allowed_address_pairs ?? []).flatMap((one) => ["--allowed-address", pair(one)]),
    ...(up === undefined ? [] : [up ? "--enable" : "--disable"]),
    ...(security === undefined
      ? []
      : [security ? "--enable-port-security" : "--disable-port-security"]),
  ];
}

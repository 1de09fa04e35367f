// Security group rules: the common ones ready to take, and any of them as the API wants it.
import { openstack } from "../parts/shell_words";
import type en from "./en.json";
import type { Rule } from "./models";

export interface RuleDraft {
  direction: "ingress" | "egress";
  ethertype: "IPv4" | "IPv6";
  /** "": any. */
  protocol: string;
  /** "22", "8000-8100", or an ICMP type; "": all. */
  ports: string;
  /** Whether the other side is named by addresses or by a group. */
  remote: "cidr" | "group";
  cidr: string;
  groupId: string | null;
  description: string;
}

export const FRESH_RULE: RuleDraft = {
  direction: "ingress",
  ethertype: "IPv4",
  protocol: "tcp",
  ports: "",
  remote: "cidr",
  cidr: "",
  groupId: null,
  description: "",
};

export interface Preset {
  name: keyof typeof en & `preset.${string}`;
  rule: Partial<RuleDraft>;
}

export const PRESETS: Preset[] = [
  { name: "preset.ssh", rule: { protocol: "tcp", ports: "22" } },
  { name: "preset.http", rule: { protocol: "tcp", ports: "80" } },
  { name: "preset.https", rule: { protocol: "tcp", ports: "443" } },
  { name: "preset.ping", rule: { protocol: "icmp", ports: "" } },
  { name: "preset.rdp", rule: { protocol: "tcp", ports: "3389" } },
  { name: "preset.dns", rule: { protocol: "udp", ports: "53" } },
  { name: "preset.tcp", rule: { protocol: "tcp", ports: "" } },
  { name: "preset.udp", rule: { protocol: "udp", ports: "" } },
  { name: "preset.custom", rule: {} },
];

export const PROTOCOLS = ["tcp", "udp", "icmp", "sctp", "ah", "esp", "gre", "vrrp"];

const PORTED = new Set(["tcp", "udp", "sctp", "dccp", "udplite"]);

export function hasPorts(protocol: string | null): boolean {
  return protocol !== null && PORTED.has(protocol);
}

/** First and last of "22" or "8000-8100"; nulls for all. */
export function portsOf(text: string): [number | null, number | null] {
  const match = /^\s*(\d+)\s*(?:[-:–]\s*(\d+))?\s*$/.exec(text);
  if (!match) return [null, null];
  const first = Number(match[1]);
  return [first, match[2] === undefined ? first : Number(match[2])];
}

export function isPortsText(text: string): boolean {
  return text.trim() === "" || portsOf(text)[0] !== null;
}

export function ruleBody(draft: RuleDraft, groupId: string): Record<string, unknown> {
  const [min, max] = hasPorts(draft.protocol) ? portsOf(draft.ports) : [null, null];
  return {
    security_group_id: groupId,
    direction: draft.direction,
    ethertype: draft.ethertype,
    ...(draft.protocol && { protocol: draft.protocol }),
    ...(min !== null && { port_range_min: min, port_range_max: max }),
    ...(draft.remote === "group"
      ? { remote_group_id: draft.groupId }
      : draft.cidr.trim() && { remote_ip_prefix: draft.cidr.trim() }),
    ...(draft.description && { description: draft.description }),
  };
}

export function ruleCli(draft: RuleDraft, group: string): string {
  const [min, max] = hasPorts(draft.protocol) ? portsOf(draft.ports) : [null, null];
  return openstack(
    ...["security", "group", "rule", "create", `--${draft.direction}`],
    ...(draft.ethertype === "IPv6" ? ["--ethertype", "IPv6"] : []),
    ...(draft.protocol ? ["--protocol", draft.protocol] : []),
    ...(min !== null ? ["--dst-port", min === max ? `${min}` : `${min}:${max}`] : []),
    ...(draft.remote === "group"
      ? ["--remote-group", draft.groupId ?? "GROUP"]
      : draft.cidr.trim()
        ? ["--remote-ip", draft.cidr.trim()]
        : []),
    ...(draft.description ? ["--description", draft.description] : []),
    group,
  );
}

/** A draft as the rule that it will be, to be explained before it is made. */
export function ruleOf(draft: RuleDraft): Rule {
  const body = ruleBody(draft, "") as Partial<Rule>;
  return {
    id: "",
    security_group_id: "",
    direction: draft.direction,
    ethertype: draft.ethertype,
    protocol: body.protocol ?? null,
    port_range_min: body.port_range_min ?? null,
    port_range_max: body.port_range_max ?? null,
    remote_ip_prefix: body.remote_ip_prefix ?? null,
    remote_group_id: body.remote_group_id ?? null,
    description: draft.description,
  };
}

const SERVICES: Record<string, string> = {
  "tcp 22": "SSH",
  "tcp 25": "SMTP",
  "tcp 53": "DNS",
  "udp 53": "DNS",
  "tcp 80": "HTTP",
  "tcp 443": "HTTPS",
  "tcp 3306": "MySQL",
  "tcp 3389": "RDP",
  "tcp 5432": "PostgreSQL",
  "udp 123": "NTP",
};

/** What mostly listens there; "" where that is not known. */
export function serviceOf(rule: Rule): string {
  const { protocol, port_range_min: min, port_range_max: max } = rule;
  return min !== null && min === max ? (SERVICES[`${protocol} ${min}`] ?? "") : "";
}

export function portsText(rule: Rule): string {
  const { port_range_min: min, port_range_max: max } = rule;
  if (min === null) return "";
  return min === max || max === null ? String(min) : `${min}–${max}`;
}

/** Whether it lets the whole world in. */
export function isOpen(rule: Rule): boolean {
  const { remote_ip_prefix: from, remote_group_id: group } = rule;
  return (
    rule.direction === "ingress" && !group && (!from || from === "0.0.0.0/0" || from === "::/0")
  );
}

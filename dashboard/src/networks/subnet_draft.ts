// A subnet as a form holds it, and as the API and the command line want it.
import { openstack } from "../parts/shell_words";
import type { SubnetFull } from "./models";

export interface SubnetDraft {
  name: string;
  cidr: string;
  gateway: string;
  noGateway: boolean;
  dhcp: boolean;
  /** One to a line or comma. */
  dns: string;
  /** "first-last", one to a line or comma; empty: all of the subnet. */
  pools: string;
}

export const FRESH_SUBNET: SubnetDraft = {
  name: "",
  cidr: "",
  gateway: "",
  noGateway: false,
  dhcp: true,
  dns: "",
  pools: "",
};

export function draftOf(subnet: SubnetFull): SubnetDraft {
  return {
    name: subnet.name,
    cidr: subnet.cidr,
    gateway: subnet.gateway_ip ?? "",
    noGateway: subnet.gateway_ip === null,
    dhcp: subnet.enable_dhcp,
    dns: subnet.dns_nameservers.join(", "),
    pools: subnet.allocation_pools.map((one) => `${one.start}-${one.end}`).join(", "),
  };
}

export function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function poolsOf(text: string): { start: string; end: string }[] {
  return words(text).map((one) => {
    const [start = "", end = start] = one.split("-");
    return { start, end };
  });
}

/** What can be changed later. */
export function changeBody(draft: SubnetDraft): Record<string, unknown> {
  return {
    name: draft.name,
    enable_dhcp: draft.dhcp,
    dns_nameservers: words(draft.dns),
    ...(draft.noGateway ? { gateway_ip: null } : draft.gateway && { gateway_ip: draft.gateway }),
    ...(draft.pools.trim() && { allocation_pools: poolsOf(draft.pools) }),
  };
}

export function subnetBody(draft: SubnetDraft): Record<string, unknown> {
  const cidr = draft.cidr.trim();
  return { ...changeBody(draft), cidr, ip_version: cidr.includes(":") ? 6 : 4 };
}

function options(draft: SubnetDraft): string[] {
  return [
    draft.dhcp ? "--dhcp" : "--no-dhcp",
    ...(draft.noGateway
      ? ["--gateway", "none"]
      : draft.gateway
        ? ["--gateway", draft.gateway]
        : []),
    ...words(draft.dns).flatMap((one) => ["--dns-nameserver", one]),
    ...poolsOf(draft.pools).flatMap((one) => [
      "--allocation-pool",
      `start=${one.start},end=${one.end}`,
    ]),
  ];
}

export function subnetCli(draft: SubnetDraft, network: string): string {
  const { cidr, name } = draft;
  return openstack(
    ...["subnet", "create", "--network", network, "--subnet-range", cidr || "CIDR"],
    ...(cidr.includes(":") ? ["--ip-version", "6"] : []),
    ...options(draft),
    name || "NAME",
  );
}

export function subnetSetCli(before: SubnetFull, draft: SubnetDraft): string {
  const renamed = draft.name === before.name ? [] : ["--name", draft.name];
  return openstack("subnet", "set", ...renamed, ...options(draft), before.name || before.id);
}

// What a server's fields mean, in one place for list, page and search.
import type { Address, Server } from "../api/models";

export const NODE_CLASS = /^resources:CUSTOM_/;

export function addressesOf(server: Server): Address[] {
  return Object.values(server.addresses).flat();
}

/** The address to show where there is room for one: a floating one before a fixed one. */
export function mainAddress(server: Server): string {
  const all = addressesOf(server);
  const floating = all.find((one) => one["OS-EXT-IPS:type"] === "floating");
  return (floating ?? all[0])?.addr ?? "";
}

/** Whether its flavor asks for a whole physical machine. */
export function isMetal(flavor: { extra_specs: Record<string, string> }): boolean {
  return Object.keys(flavor.extra_specs).some((key) => NODE_CLASS.test(key));
}

/** Whether it asks for machines of this resource class ("baremetal.large"). */
export function isOfClass(
  flavor: { extra_specs: Record<string, string> },
  resourceClass: string | null,
): boolean {
  const name = resourceClass?.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
  return name !== undefined && `resources:CUSTOM_${name}` in flavor.extra_specs;
}

// Who an event of the flight recorder comes from, in the groups that an operator looks for.
import type { TimelineEvent } from "../parts/sequence_model";

export const SOURCES = ["dhcp", "tftp", "http", "bmc", "agent", "service"] as const;
export type Source = (typeof SOURCES)[number];

const BY_PARTICIPANT: Record<string, Source> = {
  DHCP: "dhcp",
  TFTP: "tftp",
  HTTP: "http",
  BareMetalNodeBMC: "bmc",
  BareMetalNode: "agent",
};

export function sourceOf(event: TimelineEvent): Source {
  return BY_PARTICIPANT[event.participant] ?? "service";
}

export interface Entry {
  id: string;
  event: TimelineEvent;
}

/** Newest first, each with a name that stays while more are added. */
export function entriesOf(
  events: TimelineEvent[],
  wanted: readonly string[],
  failedOnly: boolean,
): Entry[] {
  return events
    .map((event) => ({ id: String(event.id), event }))
    .filter(({ event }) => wanted.length === 0 || wanted.includes(sourceOf(event)))
    .filter(({ event }) => !failedOnly || event.outcome === "failed")
    .reverse();
}

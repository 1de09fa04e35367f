// A timeline as a sequence diagram: who asked whom, when, and for how long. Pure, so that it is
// tested without a browser.
import { parseTime } from "./times";

export type Outcome = "ok" | "failed" | "undone" | "cancelled" | null;

export interface TimelineEvent {
  id: number;
  participant: string;
  action: string;
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  outcome: Outcome;
  detail: string | null;
  request_id: string;
  operation: string | null;
}

export interface Awaited {
  participant: string;
  action: string;
  for_s: number;
  within_s: number | null;
  says: string | null;
}

export interface Timeline {
  subject: string;
  events: TimelineEvent[];
  awaited: Awaited[];
}

const USER = "User";

/** Whose arrow leads to a participant; who is not in it is asked by the user. */
const ASKED_BY: Record<string, string> = {
  NovaAPI: USER,
  Keystone: "NovaAPI",
  NovaScheduler: "NovaAPI",
  ComputeNode: "NovaAPI",
  GlanceAPI: "ComputeNode",
  NeutronAPI: "ComputeNode",
  CinderAPI: "ComputeNode",
  Hypervisor: "ComputeNode",
  IronicAPI: USER,
  IronicConductor: "IronicAPI",
  IronicProvisioner: "IronicConductor",
  BareMetalNodeBMC: "IronicProvisioner",
  BareMetalNode: "BareMetalNodeBMC",
  DHCP: "BareMetalNode",
  TFTP: "BareMetalNode",
  HTTP: "BareMetalNode",
};

export interface Arrow {
  from: number;
  to: number;
  event: TimelineEvent;
  /** Milliseconds after the first event. */
  afterMs: number;
}

export interface Diagram {
  participants: string[];
  arrows: Arrow[];
}

export function askedBy(participant: string): string {
  return ASKED_BY[participant] ?? USER;
}

export function diagramOf(events: TimelineEvent[]): Diagram {
  const participants = [USER];
  const place = (name: string): number => {
    if (!participants.includes(name)) participants.push(name);
    return participants.indexOf(name);
  };
  const first = events[0] ? parseTime(events[0].started_at) : 0;
  const arrows = events.map((event) => ({
    from: place(askedBy(event.participant)),
    to: place(event.participant),
    event,
    afterMs: parseTime(event.started_at) - first,
  }));
  return { participants, arrows };
}

/** Milliseconds from the first start to the last end, or to `now` while something goes on. */
export function totalMs(events: TimelineEvent[], now: number): number {
  if (!events[0]) return 0;
  const ends = events.map((one) => (one.ended_at ? parseTime(one.ended_at) : now));
  return Math.max(...ends) - parseTime(events[0].started_at);
}

export function isRunning(timeline: Timeline): boolean {
  return timeline.awaited.length > 0 || timeline.events.some((one) => one.outcome === null);
}

/** One request's events: what began with a request until the next one began. */
export interface Chapter {
  requestId: string;
  title: string;
  events: TimelineEvent[];
}

/** The timeline by requests, in the order they came; events without a request stay where they are. */
export function chaptersOf(events: TimelineEvent[]): Chapter[] {
  const chapters: Chapter[] = [];
  for (const event of events) {
    const last = chapters.at(-1);
    const own = event.request_id || last?.requestId || "";
    const found = chapters.find((one) => one.requestId === own);
    if (found) found.events.push(event);
    else chapters.push({ requestId: own, title: titleOf(event), events: [event] });
  }
  for (const chapter of chapters) {
    const named = chapter.events.find((one) => one.operation);
    if (named?.operation) chapter.title = named.operation;
  }
  return chapters;
}

function titleOf(event: TimelineEvent): string {
  return event.operation ?? event.action;
}

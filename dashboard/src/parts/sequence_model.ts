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

/** Who only hands on: where it did nothing itself, whoever stands behind it asked. */
const HANDS_ON = new Set(["ComputeNode", "NovaAPI"]);

/** present: who did something. */
export function askedBy(participant: string, present: ReadonlySet<string>): string {
  let asker = ASKED_BY[participant] ?? USER;
  while (HANDS_ON.has(asker) && !present.has(asker)) asker = ASKED_BY[asker] ?? USER;
  return asker;
}

/** Who did something. */
export function presentIn(events: TimelineEvent[]): Set<string> {
  return new Set(events.map((one) => one.participant));
}

/** A participant's name on at most two lines: "BareMetalNodeBMC" as "BareMetal", "NodeBMC". */
export function twoLines(name: string): string[] {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z][a-z]+|[^A-Z]+/g) ?? [name];
  const cuts = words.map((_, index) => [words.slice(0, index + 1), words.slice(index + 1)]);
  const lines = cuts.map((both) => both.map((each) => each.join("")).filter(Boolean));
  const longest = (both: string[]) => Math.max(...both.map((each) => each.length));
  return lines.reduce((best, next) => (longest(next) < longest(best) ? next : best), [name]);
}

export function diagramOf(events: TimelineEvent[]): Diagram {
  const participants = [USER];
  const place = (name: string): number => {
    if (!participants.includes(name)) participants.push(name);
    return participants.indexOf(name);
  };
  const first = events[0] ? parseTime(events[0].started_at) : 0;
  const present = presentIn(events);
  const arrows = events.map((event) => ({
    from: place(askedBy(event.participant, present)),
    to: place(event.participant),
    event,
    afterMs: parseTime(event.started_at) - first,
  }));
  return { participants, arrows };
}

/**
 * Milliseconds from the first start to the last end, or to `now` while something goes on, of what
 * was asked for: a machine's console and its BMC go on talking long after that was done.
 */
export function totalMs(events: TimelineEvent[], now: number): number {
  if (!events[0]) return 0;
  const present = presentIn(events);
  const asked = new Set(events.filter((one) => isAsked(one, present)).map((one) => one.request_id));
  const own = events.filter((one) => asked.has(one.request_id));
  const ends = (own.length > 0 ? own : events).map((one) =>
    one.ended_at ? parseTime(one.ended_at) : now,
  );
  return Math.max(...ends) - parseTime(events[0].started_at);
}

export function isRunning(timeline: Timeline): boolean {
  return timeline.awaited.length > 0 || timeline.events.some((one) => one.outcome === null);
}

/** What somebody asked for, and all that happened until it was done and something else was asked. */
export interface Chapter {
  requestId: string;
  title: string;
  events: TimelineEvent[];
}

/**
 * The timeline by what was asked for, in the order it came. What is asked while a chapter goes on
 * belongs to it (a launch asks for the deploy of a machine), and so does what nobody asked for: a
 * machine's DHCP, its console, its agent's calls.
 */
export function chaptersOf(events: TimelineEvent[]): Chapter[] {
  const chapters: Chapter[] = [];
  const present = presentIn(events);
  const ofRequest = new Map<string, Chapter>();
  for (const event of events) {
    const { request_id: requestId } = event;
    const last = chapters.at(-1);
    const opens = isAsked(event, present) && requestId !== "" && !(last && goesOn(last, event));
    let chapter = ofRequest.get(requestId) ?? (opens ? undefined : last);
    if (!chapter) {
      chapter = { requestId, title: event.action, events: [] };
      chapters.push(chapter);
    }
    chapter.events.push(event);
    if (requestId) ofRequest.set(requestId, chapter);
  }
  for (const chapter of chapters)
    chapter.title = chapter.events.find((one) => one.operation)?.operation ?? chapter.title;
  return chapters;
}

const BOOTS: ReadonlySet<string> = new Set([
  "create-server",
  "start-server",
  "reboot-server",
  "rebuild-server",
  "deploy-node",
  "boot-node",
]);

/** The chapter to show unasked: what is new, else how it booted last, else what came last. */
export function shownFirst(chapters: Chapter[], isNew: boolean): Chapter | undefined {
  const last = chapters.at(-1);
  return isNew ? last : (chapters.findLast(({ title }) => BOOTS.has(title)) ?? last);
}

/** Whether it is a request that arrives, not work of the cloud's own. */
function isAsked({ participant }: TimelineEvent, present: ReadonlySet<string>): boolean {
  return participant === USER || askedBy(participant, present) === USER;
}

function goesOn(chapter: Chapter, { started_at: now }: TimelineEvent): boolean {
  return chapter.events.some(
    ({ ended_at: end }) => end === null || parseTime(end) > parseTime(now),
  );
}

import { expect, test } from "vitest";
import {
  type TimelineEvent,
  chaptersOf,
  diagramOf,
  isRunning,
  shownFirst,
  totalMs,
  twoLines,
} from "./sequence_model";

const BASE = Date.parse("2026-01-01T00:00:00Z");

function event(participant: string, atMs: number, tookMs: number | null, request = "req-1") {
  const at = (ms: number) => new Date(BASE + ms).toISOString();
  return {
    id: atMs,
    participant,
    action: `work of ${participant}`,
    started_at: at(atMs),
    ended_at: tookMs === null ? null : at(atMs + tookMs),
    duration_ms: tookMs,
    outcome: tookMs === null ? null : "ok",
    detail: null,
    request_id: request,
    operation: null,
  } satisfies TimelineEvent;
}

test("an arrow leads from who asks to who is asked", () => {
  const found = diagramOf([
    event("NovaAPI", 0, 5),
    event("ComputeNode", 5, 5),
    event("Hypervisor", 10, 5),
  ]);

  expect(found.participants).toEqual(["User", "NovaAPI", "ComputeNode", "Hypervisor"]);
  expect(found.arrows.map((one) => [one.from, one.to, one.afterMs])).toEqual([
    [0, 1, 0],
    [1, 2, 5],
    [2, 3, 10],
  ]);
});

test("who did nothing itself has no lane, and asks for nothing", () => {
  expect(diagramOf([event("CinderAPI", 0, 5)]).participants).toEqual(["User", "CinderAPI"]);
  const servers = diagramOf([event("NovaAPI", 0, 5), event("CinderAPI", 10, 5)]);
  expect(servers.arrows.map((one) => [one.from, one.to])).toEqual([
    [0, 1],
    [1, 2],
  ]);
});

test("what is asked of a volume by itself is a chapter each", () => {
  const events = [event("CinderAPI", 0, 5), event("CinderAPI", 50, 5, "req-2")];

  expect(chaptersOf(events)).toHaveLength(2);
});

test("long names of participants take two lines", () => {
  expect(twoLines("IronicProvisioner")).toEqual(["Ironic", "Provisioner"]);
  expect(twoLines("BareMetalNodeBMC")).toEqual(["BareMetal", "NodeBMC"]);
  expect(twoLines("DHCP")).toEqual(["DHCP"]);
});

test("what goes on counts until now", () => {
  const events = [event("NovaAPI", 0, 5), event("Hypervisor", 10, null)];

  expect(totalMs(events, BASE + 90)).toBe(90);
  expect(isRunning({ subject: "server/1", events, awaited: [] })).toBe(true);
});

test("what a machine says afterwards does not count", () => {
  const events = [event("NovaAPI", 0, 5), event("BareMetalNode", 9000, 0, "")];

  expect(totalMs(events, BASE + 90)).toBe(5);
});

test("each request is a chapter", () => {
  const events = [
    event("NovaAPI", 0, 5),
    event("NovaAPI", 50, 5, "req-2"),
    event("TFTP", 60, 1, ""),
  ];

  expect(chaptersOf(events).map((one) => one.events.length)).toEqual([1, 2]);
});

test("what is asked while a request goes on belongs to it, and so do a machine's own calls", () => {
  const events = [
    event("NovaAPI", 0, 5),
    event("Hypervisor", 10, 80),
    event("IronicAPI", 20, 1, "req-of-the-node"),
    event("DHCP", 30, 0, ""),
    event("BareMetalNode", 40, 0, "req-of-the-agent"),
    event("BareMetalNodeBMC", 50, 1, "req-of-the-node"),
    event("Hypervisor", 95, 5),
    event("NovaAPI", 200, 5, "req-2"),
    event("BareMetalNode", 300, 0, "req-of-the-agent-again"),
  ];

  expect(chaptersOf(events).map((one) => one.events.length)).toEqual([7, 2]);
});

test("a boot is shown before what came after it, unless that is new", () => {
  const named = (operation: string, atMs: number, request: string) => ({
    ...event("NovaAPI", atMs, 5, request),
    operation,
  });
  const booted = named("create-server", 0, "req-1");
  const attached = named("change-volumes", 100, "req-2");
  const chapters = chaptersOf([booted, attached]);

  expect(shownFirst(chapters, false)?.title).toBe("create-server");
  expect(shownFirst(chapters, true)?.title).toBe("change-volumes");
  expect(shownFirst(chaptersOf([attached]), false)?.title).toBe("change-volumes");
});

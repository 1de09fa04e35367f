import { expect, test } from "vitest";
import { Told } from "./timeline_told";

const step = (id: number, started_at: string, ended_at: string | null = null) => ({
  event: "step",
  data: JSON.stringify({ id, started_at, ended_at, participant: "DHCP", action: `a${id}` }),
});
const ready = { event: "ready", data: '{"subject": "server/x"}' };

test("steps are in the order of time, and each is there once with its end", () => {
  const told = new Told();
  const events = [
    ready,
    step(2, "2026-01-01T00:00:02Z"),
    step(1, "2026-01-01T00:00:03Z"),
    step(2, "2026-01-01T00:00:02Z", "2026-01-01T00:00:05Z"),
  ];
  for (const event of events) expect(told.hear(event, 0)).toBe(true);

  const { subject, events: shown } = told.timeline();
  expect(subject).toBe("server/x");
  expect(shown.map((one) => [one.id, one.ended_at])).toEqual([
    [2, "2026-01-01T00:00:05Z"],
    [1, null],
  ]);
});

test("a stream that begins anew forgets what was awaited, and keeps what happened", () => {
  const told = new Told();
  told.hear(ready, 0);
  told.hear(step(1, "2026-01-01T00:00:00Z"), 0);
  told.hear({ event: "awaited", data: '{"awaited": [{"action": "DISCOVER"}]}' }, 7);
  expect(told.awaitedAt).toBe(7);
  expect(told.timeline().awaited).toHaveLength(1);

  told.hear(ready, 8);

  expect(told.timeline().awaited).toEqual([]);
  expect(told.timeline().events).toHaveLength(1);
});

test("what it does not know changes nothing", () => {
  expect(new Told().hear({ event: "end", data: "{}" }, 0)).toBe(false);
});

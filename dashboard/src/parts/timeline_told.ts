// A timeline as its stream tells it: every step once, again with its end, in the order of time.
import type { SseEvent } from "../api/sse";
import type { Awaited, Timeline, TimelineEvent } from "./sequence_model";

export class Told {
  private subject = "";
  private awaited: Awaited[] = [];
  private readonly steps = new Map<number, TimelineEvent>();
  /** Milliseconds since 1970, when `awaited` was said. */
  awaitedAt = 0;

  /** Whether there is something new to show. */
  hear(event: SseEvent, now: number): boolean {
    if (event.event === "ready") {
      this.subject = (JSON.parse(event.data) as { subject: string }).subject;
      this.awaited = [];
    } else if (event.event === "step") {
      const step = JSON.parse(event.data) as TimelineEvent;
      this.steps.set(step.id, step);
    } else if (event.event === "awaited") {
      this.awaited = (JSON.parse(event.data) as { awaited: Awaited[] }).awaited;
      this.awaitedAt = now;
    } else return false;
    return true;
  }

  timeline(): Timeline {
    const events = [...this.steps.values()].sort(
      (one, other) => order(one.started_at, other.started_at) || one.id - other.id,
    );
    return { subject: this.subject, events, awaited: this.awaited };
  }
}

/** Of moments that are all written alike, to the microsecond. */
function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

// Live events: one stream for the tab. Where there is no stream, nothing breaks: `useLive` says
// false and lists look by themselves.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { type Change, Changes } from "./changes";
import type { SseEvent } from "./sse";
import { keepStream } from "./stream";

const PATH = "/unkai/v1/events";
const SOON_MS = 60;
const APART_MS = 1000;
const REST = 3;

let live = false;
const watchers = new Set<() => void>();

function setLive(value: boolean): void {
  if (live === value) return;
  live = value;
  watchers.forEach((tell) => tell());
}

/** Whether events come in: if so, nobody needs to look again by himself. */
export function useLive(): boolean {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => live,
  );
}

/** Keep the stream open until the returned function is called. */
export function watchEvents(client: QueryClient): () => void {
  const changes = new Changes();
  let isOver = false;
  let timer: number | undefined;
  let isSettling = false;
  let nextTime = 0;

  /** One event is shown at once; of many, asking anew takes a quarter of the time at most. */
  function onEvent(event: SseEvent): void {
    if (event.event === "reset") void client.invalidateQueries();
    const change = changeOf(event);
    if (change && changes.add(change)) soon();
  }

  function soon(): void {
    if (isSettling || changes.isEmpty || isOver) return;
    const wait = Math.max(SOON_MS, nextTime - Date.now());
    timer ??= window.setTimeout(() => void settle(), wait);
  }

  async function settle(): Promise<void> {
    const start = Date.now();
    timer = undefined;
    isSettling = true;
    await changes.settle(client).catch(() => undefined);
    isSettling = false;
    nextTime = Date.now() + Math.max(APART_MS - SOON_MS, REST * (Date.now() - start));
    soon();
  }

  const close = keepStream(PATH, { onEvent, onLive: setLive });
  return () => {
    isOver = true;
    close();
    window.clearTimeout(timer);
    setLive(false);
  };
}

function changeOf(event: SseEvent): Change | null {
  try {
    const data = JSON.parse(event.data) as Partial<Change> | null;
    if (typeof data?.kind !== "string" || typeof data.id !== "string") return null;
    return { kind: data.kind, id: data.id, what: data.what ?? "", about: data.about ?? null };
  } catch {
    return null;
  }
}

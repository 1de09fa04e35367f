// Live events: one stream for the tab. Where there is no stream, nothing breaks: `useLive` says false and lists look by themselves.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { STALE_BY_KIND } from "./keys";
import type { SseEvent } from "./sse";
import { keepStream } from "./stream";

const PATH = "/unkai/v1/events";
const SOON_MS = 60;
const APART_MS = 1000;

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
  const stale = new Set<string>();
  let timer: number | undefined;
  let lastTime = 0;

  /** One event is shown at once; of many, lists are asked for once a second. */
  function onEvent(event: SseEvent): void {
    if (event.event === "reset") void client.invalidateQueries();
    const found = STALE_BY_KIND[kindOf(event)] ?? [];
    for (const key of found) stale.add(JSON.stringify(key));
    if (found.length === 0) return;
    const wait = Math.max(SOON_MS, lastTime + APART_MS - Date.now());
    timer ??= window.setTimeout(() => {
      timer = undefined;
      lastTime = Date.now();
      for (const key of stale)
        void client.invalidateQueries({ queryKey: JSON.parse(key) as string[] });
      stale.clear();
    }, wait);
  }

  const close = keepStream(PATH, { onEvent, onLive: setLive });
  return () => {
    close();
    window.clearTimeout(timer);
    setLive(false);
  };
}

function kindOf(event: SseEvent): string {
  try {
    const data = JSON.parse(event.data) as { kind?: unknown };
    return typeof data.kind === "string" ? data.kind : "";
  } catch {
    return "";
  }
}

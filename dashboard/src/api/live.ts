// Live events: one stream for the tab, read by fetch (an EventSource cannot carry a token). Where
// there is no stream, nothing breaks: `useLive` says false and lists look by themselves.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { STALE_BY_KIND } from "./keys";
import { expireSession, getSession } from "./session";
import { type SseEvent, SseReader } from "./sse";

const PATH = "/unkai/v1/events";
const AGAIN_MS = 2000;
const AGAIN_MAX_MS = 60_000;
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
  const stop = new AbortController();
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

  async function run(): Promise<void> {
    let wait = AGAIN_MS;
    let lastId: string | undefined;
    while (!stop.signal.aborted) {
      const opened = await follow(stop.signal, lastId, (event) => {
        lastId = event.id ?? lastId;
        onEvent(event);
      });
      setLive(false);
      wait = opened ? AGAIN_MS : Math.min(wait * 2, AGAIN_MAX_MS);
      await pause(wait, stop.signal);
    }
  }

  void run();
  return () => {
    stop.abort();
    window.clearTimeout(timer);
    setLive(false);
  };
}

/** Read one stream to its end; whether it ever opened. */
async function follow(
  signal: AbortSignal,
  lastId: string | undefined,
  onEvent: (event: SseEvent) => void,
): Promise<boolean> {
  const token = getSession()?.token;
  if (!token) return false;
  try {
    const headers: Record<string, string> = { "X-Auth-Token": token, Accept: "text/event-stream" };
    if (lastId) headers["Last-Event-ID"] = lastId;
    const response = await fetch(PATH, { headers, signal });
    if (response.status === 401) expireSession();
    if (!response.ok || !response.body) return false;
    setLive(true);
    const reader = new SseReader(onEvent);
    const stream = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await stream.read(); !part.done; part = await stream.read())
      reader.feed(part.value);
    return true;
  } catch {
    return false;
  }
}

function kindOf(event: SseEvent): string {
  try {
    const data = JSON.parse(event.data) as { kind?: unknown };
    return typeof data.kind === "string" ? data.kind : "";
  } catch {
    return "";
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}

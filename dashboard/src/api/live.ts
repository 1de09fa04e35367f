// Live events: one stream for the tab, read by fetch (an EventSource cannot carry a token). Where
// there is no stream, nothing breaks: `useLive` says false and lists look by themselves.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { type Change, Changes } from "./changes";
import { expireSession, getSession } from "./session";
import { type SseEvent, SseReader } from "./sse";

const PATH = "/unkai/v1/events";
const AGAIN_MS = 2000;
const AGAIN_MAX_MS = 60_000;
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
  const stop = new AbortController();
  const changes = new Changes();
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
    if (isSettling || changes.isEmpty || stop.signal.aborted) return;
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

function changeOf(event: SseEvent): Change | null {
  try {
    const data = JSON.parse(event.data) as Partial<Change> | null;
    if (typeof data?.kind !== "string" || typeof data.id !== "string") return null;
    return { kind: data.kind, id: data.id, what: data.what ?? "", about: data.about ?? null };
  } catch {
    return null;
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

// A stream of events that is kept open: read by fetch (an EventSource cannot carry a token), opened
// again when it breaks, closed while nobody sees the page. Browsers open six connections to a
// server at most, for all their tabs together.
import { errorOf } from "./errors";
import { expireSession, getSession } from "./session";
import { type SseEvent, SseReader } from "./sse";

const AGAIN_MS = 2000;
const AGAIN_MAX_MS = 60_000;
const UNSEEN_MS = 20_000;

export interface Hearing {
  onEvent: (event: SseEvent) => void;
  /** Whether it is open now. */
  onLive?: (live: boolean) => void;
  /** It could not be opened; it is tried again later. */
  onRefused?: (error: Error) => void;
}

/** Keep the stream open until the returned function is called. */
export function keepStream(path: string, hearing: Hearing): () => void {
  const stop = new AbortController();

  async function run(): Promise<void> {
    let wait = AGAIN_MS;
    let lastId: string | undefined;
    const onEvent = (event: SseEvent) => {
      lastId = event.id ?? lastId;
      hearing.onEvent(event);
    };
    while (!stop.signal.aborted) {
      await seen(stop.signal);
      const opened = await read(path, lastId, { ...hearing, onEvent }, stop.signal);
      hearing.onLive?.(false);
      wait = opened ? AGAIN_MS : Math.min(wait * 2, AGAIN_MAX_MS);
      if (!document.hidden) await pause(wait, stop.signal);
    }
  }

  void run();
  return () => stop.abort();
}

/** Read one stream to its end; whether it ever opened. */
async function read(
  path: string,
  lastId: string | undefined,
  hearing: Hearing,
  stop: AbortSignal,
): Promise<boolean> {
  const token = getSession()?.token;
  if (!token || stop.aborted) return false;
  const [signal, letGo] = unseen(stop);
  let opened = false;
  try {
    const headers: Record<string, string> = { "X-Auth-Token": token, Accept: "text/event-stream" };
    if (lastId) headers["Last-Event-ID"] = lastId;
    const response = await fetch(path, { headers, signal });
    if (response.status === 401) expireSession();
    if (!response.ok || !response.body) throw errorOf(response, await bodyOf(response));
    opened = true;
    hearing.onLive?.(true);
    const reader = new SseReader(hearing.onEvent);
    const stream = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await stream.read(); !part.done; part = await stream.read())
      reader.feed(part.value);
  } catch (error) {
    if (!signal.aborted && !opened) hearing.onRefused?.(error as Error);
  } finally {
    letGo();
  }
  return opened;
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A signal that ends with `stop`, or when the page was hidden for a while. */
function unseen(stop: AbortSignal): [AbortSignal, () => void] {
  const over = new AbortController();
  let timer: number | undefined;
  const end = () => over.abort();
  const look = () => {
    window.clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(end, UNSEEN_MS);
  };
  stop.addEventListener("abort", end);
  document.addEventListener("visibilitychange", look);
  look();
  const letGo = () => {
    window.clearTimeout(timer);
    stop.removeEventListener("abort", end);
    document.removeEventListener("visibilitychange", look);
  };
  return [over.signal, letGo];
}

/** When somebody looks at the page. */
function seen(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !stop.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    stop.addEventListener("abort", look, { once: true });
    look();
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    const end = () => {
      window.clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}

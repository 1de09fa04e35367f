// What happens to a server, a node or a volume, as it happens: the one place where it is listened to.
import { useEffect, useState } from "react";
import { keepStream } from "../api/stream";
import type { Timeline } from "./sequence_model";
import { Told } from "./timeline_told";

export interface LiveTimeline {
  timeline: Timeline | undefined;
  /** Why there is none. */
  error: Error | null;
  /** Milliseconds since 1970, when what is awaited was said. */
  readAt: number;
}

const NOTHING: LiveTimeline = { timeline: undefined, error: null, readAt: 0 };
/** Events that come together are shown together. */
const TOGETHER_MS = 80;

export function useTimeline(kind: "servers" | "nodes" | "volumes", id: string): LiveTimeline {
  const [told, setTold] = useState({ id, ...NOTHING });
  useEffect(() => {
    const heard = new Told();
    let timer: number | undefined;
    const show = () => {
      timer = undefined;
      setTold({ id, timeline: heard.timeline(), error: null, readAt: heard.awaitedAt });
    };
    const close = keepStream(`/unkai/v1/${kind}/${id}/timeline/events`, {
      onEvent: (event) => {
        if (!heard.hear(event, Date.now())) return;
        timer ??= window.setTimeout(show, TOGETHER_MS);
      },
      onRefused: (error) => setTold((before) => ({ ...before, error })),
    });
    return () => {
      close();
      window.clearTimeout(timer);
    };
  }, [kind, id]);
  return told.id === id ? told : NOTHING;
}

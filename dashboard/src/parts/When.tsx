// A moment: how long ago, and exactly when on pointing at it. All of a page share one clock.
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { ago, moment, parseTime } from "./times";

const TICK_MS = 10_000;
const watchers = new Set<() => void>();
let now = Date.now();
let timer: number | undefined;

function watch(tell: () => void): () => void {
  if (watchers.size === 0) now = Date.now();
  watchers.add(tell);
  timer ??= window.setInterval(() => {
    now = Date.now();
    watchers.forEach((each) => each());
  }, TICK_MS);
  return () => {
    watchers.delete(tell);
    if (watchers.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

export function When({ at }: { at: string | null | undefined }) {
  const { i18n } = useTranslation();
  const seen = useSyncExternalStore(watch, () => now);
  const time = at ? parseTime(at) : NaN;
  if (Number.isNaN(time)) return <>–</>;
  // What happened after the last tick happened now.
  return (
    <time dateTime={new Date(time).toISOString()} title={moment(time, i18n.language)}>
      {ago(time, Math.max(seen, time), i18n.language)}
    </time>
  );
}

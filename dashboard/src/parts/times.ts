// Moments and durations as people read them.

/** Milliseconds since 1970 of an API's timestamp; those without a zone are UTC. */
export function parseTime(text: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
  return Date.parse(zoned ? text : `${text}Z`);
}

const MOMENT = { dateStyle: "medium", timeStyle: "medium" } as const;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** Making one takes longer than all it is made for. */
const relative = new Map<string, Intl.RelativeTimeFormat>();
const exact = new Map<string, Intl.DateTimeFormat>();

export function moment(time: number, language: string): string {
  const words = exact.get(language) ?? new Intl.DateTimeFormat(language, MOMENT);
  exact.set(language, words);
  return words.format(time);
}

export function ago(time: number, now: number, language: string): string {
  const seconds = Math.min(0, Math.round((time - now) / 1000));
  const words =
    relative.get(language) ?? new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  relative.set(language, words);
  const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return words.format(Math.trunc(seconds / size), unit);
}

/** 3 ms, 1.2 s, 2 min 5 s, 3 h 10 min. */
export function duration(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** 512 MiB, 1.5 GiB. */
export function mib(size: number): string {
  return size < 1024 ? `${size} MiB` : `${Number((size / 1024).toFixed(1))} GiB`;
}

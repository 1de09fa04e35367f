// What a server or host used of late: from samples to lines of a graph. Pure.

export interface Samples {
  every_s: number;
  /** Seconds since 1970, oldest first; each series is as long. */
  at: number[];
  series: Record<string, number[]>;
}

export type Unit = "percent" | "mib" | "bytes_s" | "ops_s";

export const GRAPHS = [
  { name: "cpu", unit: "percent", series: ["cpu_percent"] },
  { name: "memory", unit: "mib", series: ["memory_mib"] },
  { name: "disk", unit: "bytes_s", series: ["disk_read_bytes_s", "disk_write_bytes_s"] },
  { name: "ops", unit: "ops_s", series: ["disk_read_ops_s", "disk_write_ops_s"] },
  { name: "net", unit: "bytes_s", series: ["net_rx_bytes_s", "net_tx_bytes_s"] },
] as const satisfies readonly { name: string; unit: Unit; series: readonly string[] }[];
export type Graph = (typeof GRAPHS)[number];
export type SeriesName = Graph["series"][number];

const HOUR_S = 3600;
/** A time without samples, by how many were left out. */
const GAP = 2.5;

/** Known samples and those that came after them, an hour of them at most. */
export function merged(known: Samples | undefined, fresh: Samples): Samples {
  if (!known) return fresh;
  const last = fresh.at.at(-1) ?? known.at.at(-1) ?? 0;
  const newest = known.at.at(-1) ?? 0;
  const keep = known.at.findIndex((one) => one > last - HOUR_S);
  const start = keep < 0 ? known.at.length : keep;
  const first = fresh.at.findIndex((one) => one > newest);
  const from = first < 0 ? fresh.at.length : first;
  const names = Object.keys(fresh.series);
  return {
    every_s: fresh.every_s,
    at: [...known.at.slice(start), ...fresh.at.slice(from)],
    series: Object.fromEntries(
      names.map((name) => [
        name,
        [...(known.series[name] ?? []).slice(start), ...(fresh.series[name] ?? []).slice(from)],
      ]),
    ),
  };
}

/** Only the last so many seconds. */
export function recent(samples: Samples, seconds: number): Samples {
  const last = samples.at.at(-1) ?? 0;
  const from = samples.at.findIndex((one) => one > last - seconds);
  if (from <= 0) return samples;
  const series = Object.entries(samples.series).map(([name, all]) => [name, all.slice(from)]);
  return { ...samples, at: samples.at.slice(from), series: Object.fromEntries(series) };
}

/** Moments and lines, each broken where nothing was measured. */
export function broken(
  samples: Samples,
  names: readonly string[],
): [number[], ...(number | null)[][]] {
  const at: number[] = [];
  const lines: (number | null)[][] = names.map(() => []);
  samples.at.forEach((moment, index) => {
    const before = samples.at[index - 1];
    if (before !== undefined && moment - before > GAP * samples.every_s) {
      at.push(before + samples.every_s);
      lines.forEach((line) => line.push(null));
    }
    at.push(moment);
    lines.forEach((line, number) =>
      line.push(samples.series[names[number] ?? ""]?.[index] ?? null),
    );
  });
  return [at, ...lines];
}

/** Steps of a scale that look round in the unit. */
export function stepsOf(unit: Unit): number[] | undefined {
  return unit === "mib" ? Array.from({ length: 24 }, (_, power) => 2 ** power) : undefined;
}

const PREFIXES = ["", "k", "M", "G", "T"];

/** 12 %, 512 MiB, 1.5 GiB, 4.1 MB/s, 150 /s. */
export function amount(value: number, unit: Unit): string {
  if (unit === "percent") return `${short(value)} %`;
  if (unit === "mib") return value < 1024 ? `${short(value)} MiB` : `${short(value / 1024)} GiB`;
  const step = Math.min(PREFIXES.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  const number = short(value / 1000 ** step);
  const prefix = PREFIXES[step] ?? "";
  return unit === "ops_s" ? `${number}${prefix} /s` : `${number} ${prefix}B/s`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
}

export interface Span {
  now: number;
  least: number;
  most: number;
}

/** null where nothing was measured. */
export function spanOf(values: readonly number[] | undefined): Span | null {
  const now = values?.at(-1);
  if (!values || now === undefined) return null;
  return { now, least: Math.min(...values), most: Math.max(...values) };
}

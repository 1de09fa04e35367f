// What a table shows of what it was given: searched, filtered, sorted. Pure, so that it is tested.
import type { ReactNode } from "react";

export interface Column<T> {
  key: string;
  header: string;
  /** What is shown. */
  cell: (row: T) => ReactNode;
  /** What is sorted by and searched in; without it, the column is neither. */
  value?: (row: T) => string | number | null | undefined;
  /** A CSS width; without it, the column shares what is left. */
  width?: string;
  /** The least width of the table's window, in px, at which the column is shown. */
  from?: number;
  align?: "right";
}

export interface Sorting {
  key: string;
  down: boolean;
}

const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function compare(a: string | number | null | undefined, b: typeof a): number {
  if (a === b) return 0;
  if (a === null || a === undefined || a === "") return 1;
  if (b === null || b === undefined || b === "") return -1;
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : words.compare(String(a), String(b));
}

export function sorted<T>(rows: T[], columns: Column<T>[], sorting: Sorting | null): T[] {
  const value = columns.find((one) => one.key === sorting?.key)?.value;
  if (!value || !sorting) return rows;
  const sign = sorting.down ? -1 : 1;
  return rows
    .map((row) => ({ row, by: value(row) }))
    .sort((a, b) => sign * compare(a.by, b.by))
    .map(({ row }) => row);
}

/** Rows in which every word of the text occurs somewhere. */
export function searched<T>(
  rows: T[],
  columns: Column<T>[],
  text: string,
  more?: (row: T) => string,
): T[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return rows;
  return rows.filter((row) => {
    const own = columns.map((column) => column.value?.(row) ?? "").join("\n");
    const all = `${own}\n${more?.(row) ?? ""}`.toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
}

export function statesOf<T>(rows: T[], state: (row: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(state(row), (counts.get(state(row)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}

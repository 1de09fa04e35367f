// Asking, with memory: lists that are read to their end, single things, and changes.
import {
  type Query,
  type QueryKey,
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { ApiError, isGone } from "./errors";
import { useLive } from "./live";

export const PAGE = 1000;
/** Of a long list, so many are shown before the rest has come. */
export const FIRST = 100;
const POLL_MS = 3000;
const POLL_LIVE_MS = 60_000;

/** One answer of a list. next: the marker of the page after it, undefined on the last. */
export interface Page<T> {
  items: T[];
  next?: string;
}

export interface ListSpec<T> {
  queryKey: QueryKey;
  page: (marker: string | undefined, limit: number) => Promise<Page<T>>;
  /** How many to show before the rest has come; without it, all come at once. */
  first?: number;
  row?: RowSpec<T>;
}

/** How one row of a list is read alone, so that an event about it need not read the list. */
export interface RowSpec<T> {
  /** Of events. */
  kind: string;
  id: (row: T) => string;
  /** null: it is not of this list, or there is no such thing. */
  read: (id: string) => Promise<T | null>;
}

export interface OneSpec<T> {
  queryKey: QueryKey;
  queryFn: () => Promise<T>;
}

const beginnings = new WeakSet<object>();

/** Whether these rows are the first of a list of which the rest is still coming. */
export function isBeginning(rows: object | undefined): boolean {
  return rows !== undefined && beginnings.has(rows);
}

/** Read pages until one has no successor; `show` is told of the first of many. */
export async function readAll<T>(
  { page, first }: Pick<ListSpec<T>, "page" | "first">,
  show?: (rows: T[]) => void,
): Promise<T[]> {
  const all: T[] = [];
  let marker: string | undefined;
  do {
    const isFirst = show !== undefined && first !== undefined && all.length === 0;
    const { items, next } = await page(marker, isFirst ? first : PAGE);
    all.push(...items);
    marker = next === marker ? undefined : next;
    if (isFirst && marker !== undefined) {
      const rows = [...all];
      beginnings.add(rows);
      show(rows);
    }
  } while (marker !== undefined);
  return all;
}

/** A page whose answer has a `next` link if there is more; the marker is the last item's id. */
export function pageOf<T>(items: T[], link: unknown, id: (item: T) => string): Page<T> {
  const last = items.at(-1);
  const more = Array.isArray(link)
    ? (link as { rel?: string }[]).some((one) => one.rel === "next")
    : Boolean(link);
  return { items, next: more && last ? id(last) : undefined };
}

export interface Asking {
  enabled?: boolean;
  /** Milliseconds between two looks; false: only when an event says so. */
  every?: number | false;
}

/** A whole list, kept fresh by live events or, without them, by looking every few seconds. */
export function useList<T>(spec: ListSpec<T>, { enabled, every }: Asking = {}) {
  const live = useLive();
  const client = useQueryClient();
  return useQuery({
    queryKey: spec.queryKey,
    queryFn: () => {
      const known = client.getQueryData(spec.queryKey) !== undefined;
      return readAll(spec, known ? undefined : (rows) => client.setQueryData(spec.queryKey, rows));
    },
    enabled,
    refetchInterval: every ?? (live ? POLL_LIVE_MS : POLL_MS),
    placeholderData: keepPreviousData,
    meta: { row: spec.row },
  });
}

/** What `useList` was told of its rows. */
export function rowOf(query: Query): RowSpec<unknown> | undefined {
  return query.meta?.row as RowSpec<unknown> | undefined;
}

/** What was asked for, or null where there is no such thing. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** One thing, kept fresh the same way. */
export function useOne<T>(spec: OneSpec<T>, { enabled, every }: Asking = {}) {
  const live = useLive();
  return useQuery({
    queryKey: spec.queryKey,
    queryFn: spec.queryFn,
    enabled,
    refetchInterval: every ?? (live ? POLL_LIVE_MS : POLL_MS),
  });
}

/** A change; what it makes stale is asked for again, whether it went well or not. */
export function useChange<Input, Output>(
  change: (input: Input) => Promise<Output>,
  stale: QueryKey[],
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

/** Whether to ask once more: not what was refused, only what failed by itself. */
export function retry(times: number, error: Error): boolean {
  const refused = error instanceof ApiError && error.status < 500;
  return !refused && times < 2;
}

// Asking, with memory: lists that are read to their end, single things, and changes.
import {
  type QueryKey,
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { ApiError } from "./errors";
import { useLive } from "./live";

export const PAGE = 1000;
const POLL_MS = 3000;
const POLL_LIVE_MS = 60_000;

/** One answer of a list. next: the marker of the page after it, undefined on the last. */
export interface Page<T> {
  items: T[];
  next?: string;
}

export interface ListSpec<T> {
  queryKey: QueryKey;
  page: (marker: string | undefined) => Promise<Page<T>>;
}

export interface OneSpec<T> {
  queryKey: QueryKey;
  queryFn: () => Promise<T>;
}

/** Read pages until one has no successor. */
export async function readAll<T>(page: ListSpec<T>["page"]): Promise<T[]> {
  const all: T[] = [];
  let marker: string | undefined;
  do {
    const { items, next } = await page(marker);
    all.push(...items);
    marker = next === marker ? undefined : next;
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
  return useQuery({
    queryKey: spec.queryKey,
    queryFn: () => readAll(spec.page),
    enabled,
    refetchInterval: every ?? (live ? POLL_LIVE_MS : POLL_MS),
    placeholderData: keepPreviousData,
  });
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

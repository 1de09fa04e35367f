// What an event makes of what is known: a list that is looked at gets the one row anew, and only
// where many changed at once is it read as a whole; what tells of other things is left alone.
import type { Query, QueryClient } from "@tanstack/react-query";
import { STALE_BY_KIND } from "./keys";
import { type RowSpec, rowOf } from "./queries";

export interface Change {
  kind: string;
  id: string;
  what: string;
  about: string | null;
}

/** More changed rows than these, and one answer of all is cheaper than one of each. */
const SINGLES = 12;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
/** Kinds whose pages tell of one thing by its id, and of nothing else. */
const OWN_PAGES = new Set(["server", "node", "operation"]);

/** Changes since the last look, each thing once; `settle` brings what is shown up to them. */
export class Changes {
  private found = new Map<string, Map<string, Change>>();

  get isEmpty(): boolean {
    return this.found.size === 0;
  }

  /** Whether it means anything to what is shown here. */
  add(change: Change): boolean {
    if (!(change.kind in STALE_BY_KIND)) return false;
    const ofKind = this.found.get(change.kind) ?? new Map<string, Change>();
    ofKind.set(change.id, change);
    this.found.set(change.kind, ofKind);
    return true;
  }

  async settle(client: QueryClient): Promise<void> {
    const found = this.found;
    this.found = new Map();
    const stale = new Set<Query>();
    const work: Promise<void>[] = [];
    for (const [kind, changes] of found) {
      for (const queryKey of STALE_BY_KIND[kind] ?? []) {
        for (const query of client.getQueryCache().findAll({ queryKey })) {
          const row = rowOf(query);
          if (row?.kind === kind && isPatchable(query, changes.size))
            work.push(patch(client, query, row, [...changes.values()]));
          else if (!OWN_PAGES.has(kind) || concerns(query.queryKey, changes)) stale.add(query);
        }
      }
    }
    work.push(client.invalidateQueries({ predicate: (query) => stale.has(query) }));
    await Promise.all(work);
  }
}

function isPatchable(query: Query, changes: number): boolean {
  const { data, fetchStatus } = query.state;
  return Array.isArray(data) && fetchStatus === "idle" && query.isActive() && changes <= SINGLES;
}

/** Whether a query may tell of one of them: it names one, or nothing by its id. */
function concerns(queryKey: readonly unknown[], changes: Map<string, Change>): boolean {
  const named = queryKey.filter((word) => typeof word === "string" && UUID.test(word));
  const near = [...changes.values()].flatMap((one) => [one.id, lastWord(one.about)]);
  return named.length === 0 || named.some((word) => near.includes(word as string));
}

/** An operation is about "server/ID". */
function lastWord(about: string | null): string {
  return about?.slice(about.lastIndexOf("/") + 1) ?? "";
}

async function patch(
  client: QueryClient,
  query: Query,
  row: RowSpec<unknown>,
  changes: Change[],
): Promise<void> {
  const read = async ({ id, what }: Change) =>
    [id, what === "deleted" ? null : await row.read(id)] as const;
  try {
    const now = new Map<string, unknown>(await Promise.all(changes.map(read)));
    client.setQueryData(query.queryKey, (rows: unknown[] | undefined) => merged(rows, now, row.id));
  } catch {
    await client.invalidateQueries({ queryKey: query.queryKey, exact: true });
  }
}

/** Rows with those that changed in their places, without those that are gone; new ones first. */
export function merged<T>(
  rows: T[] | undefined,
  now: ReadonlyMap<string, T | null>,
  id: (row: T) => string,
): T[] | undefined {
  if (!rows) return rows;
  const left = new Map(now);
  const kept = rows.flatMap((row) => {
    const changed = now.get(id(row));
    left.delete(id(row));
    return changed === undefined ? [row] : changed === null ? [] : [changed];
  });
  return [...[...left.values()].filter((row) => row !== null), ...kept];
}

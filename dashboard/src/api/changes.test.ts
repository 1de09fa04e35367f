import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { Changes, merged } from "./changes";
import { keys } from "./keys";
import { type ListSpec, readAll } from "./queries";

interface Row {
  id: string;
  name: string;
}

const uuid = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
const rows = Array.from({ length: 1000 }, (_, at) => ({ id: uuid(at), name: `s${at}` }));
const event = (at: number, what = "changed") => ({
  kind: "server",
  id: uuid(at),
  what,
  about: null,
});

/** A list of a thousand that somebody looks at, and one thing's page. */
async function watched() {
  const client = new QueryClient();
  const whole = vi.fn(() => Promise.resolve(rows));
  const one = vi.fn(() => Promise.resolve("one"));
  const read = vi.fn((id: string) => Promise.resolve<Row | null>({ id, name: "new" }));
  const list = [...keys.servers, "list"];
  const row = { kind: "server", id: (each: Row) => each.id, read };
  const options = { staleTime: Infinity };
  new QueryObserver(client, {
    ...options,
    queryKey: list,
    queryFn: whole,
    meta: { row },
  }).subscribe(() => undefined);
  new QueryObserver(client, {
    ...options,
    queryKey: [...keys.servers, "one", uuid(7)],
    queryFn: one,
  }).subscribe(() => undefined);
  await vi.waitFor(() => expect(client.getQueryData(list)).toHaveLength(1000));
  return { client, whole, one, read, shown: () => client.getQueryData<Row[]>(list) ?? [] };
}

test("a change brings its row anew, and leaves the list and other things alone", async () => {
  const { client, whole, one, read, shown } = await watched();
  const changes = new Changes();
  for (let again = 0; again < 50; again++) changes.add(event(3));
  changes.add(event(4, "deleted"));
  await changes.settle(client);

  expect(read.mock.calls).toEqual([[uuid(3)]]);
  expect([whole.mock.calls.length, one.mock.calls.length]).toEqual([1, 1]);
  expect(shown().find((each) => each.id === uuid(3))?.name).toBe("new");
  expect(shown()).toHaveLength(999);
});

test("of many changes the list is read once, and a page only if it is about one of them", async () => {
  const { client, whole, one, read } = await watched();
  const changes = new Changes();
  for (let at = 0; at < 300; at++) changes.add(event(at));
  await changes.settle(client);

  expect([whole.mock.calls.length, one.mock.calls.length]).toEqual([2, 2]);
  expect(read).not.toHaveBeenCalled();
});

test("new rows come first, and what is not of the list stays away", () => {
  const now = new Map([
    ["c", { id: "c", name: "new" }],
    ["x", null],
  ]);
  const found = merged([{ id: "a", name: "a" }], now, (each) => each.id);
  expect(found?.map((each) => each.id)).toEqual(["c", "a"]);
});

test("the first of many are shown before the rest has come", async () => {
  const page: ListSpec<number>["page"] = (marker, limit) => {
    const start = Number(marker ?? 0);
    const items = Array.from({ length: Math.min(limit, 250 - start) }, (_, at) => start + at);
    const end = start + items.length;
    return Promise.resolve({ items, next: end < 250 ? String(end) : undefined });
  };
  const shown = vi.fn();
  expect(await readAll({ page, first: 100 }, shown)).toHaveLength(250);
  expect(shown).toHaveBeenCalledOnce();
  expect(shown.mock.calls[0]?.[0]).toHaveLength(100);
  expect(await readAll({ page, first: 300 }, shown)).toHaveLength(250);
  expect(shown).toHaveBeenCalledOnce();
});

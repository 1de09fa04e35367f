import { expect, test } from "vitest";
import { type Column, searched, sorted, statesOf } from "./table_model";

interface Row {
  name: string;
  size: number | null;
}

const columns: Column<Row>[] = [
  { key: "name", header: "Name", cell: (row) => row.name, value: (row) => row.name },
  { key: "size", header: "Size", cell: (row) => row.size, value: (row) => row.size },
];
const rows: Row[] = [
  { name: "web-10", size: 5 },
  { name: "web-9", size: null },
  { name: "db", size: 40 },
];
const names = (found: Row[]) => found.map((row) => row.name);

test("names are sorted as people count", () => {
  expect(names(sorted(rows, columns, { key: "name", down: false }))).toEqual([
    "db",
    "web-9",
    "web-10",
  ]);
});

test("numbers are sorted as numbers, and what has none comes last", () => {
  expect(names(sorted(rows, columns, { key: "size", down: false }))).toEqual([
    "web-10",
    "db",
    "web-9",
  ]);
});

test("every word must occur, in any column or beside them", () => {
  expect(names(searched(rows, columns, "WEB 5"))).toEqual(["web-10"]);
  expect(names(searched(rows, columns, "10.0.0.7", () => "10.0.0.7"))).toHaveLength(3);
  expect(searched(rows, columns, "no such")).toEqual([]);
});

test("states are counted", () => {
  expect(statesOf(rows, (row) => (row.size ? "big" : "none"))).toEqual([
    ["big", 2],
    ["none", 1],
  ]);
});

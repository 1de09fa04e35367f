import { expect, test } from "vitest";
import type { NodeRow } from "./models";
import { groupsOf, linesOf } from "./rack_model";

const node = (name: string, resource_class: string) =>
  ({ uuid: name, name, resource_class }) as NodeRow;
const nodes = [node("n-10", "gpu"), node("n-9", "gpu"), node("n-1", "edge"), node("n-11", "gpu")];

test("groups and their nodes stand in the order people count in", () => {
  const groups = groupsOf(nodes, (one) => one.resource_class ?? "");
  expect(groups.map((one) => [one.name, one.nodes.map((each) => each.name)])).toEqual([
    ["edge", ["n-1"]],
    ["gpu", ["n-9", "n-10", "n-11"]],
  ]);
});

test("a group is a head and lines of so many cards, the last one marked", () => {
  const lines = linesOf(
    groupsOf(nodes, () => "all"),
    3,
  );
  expect(lines.map((one) => [one.head?.name, one.nodes.length, one.isLast])).toEqual([
    ["all", 0, false],
    [undefined, 3, false],
    [undefined, 1, true],
  ]);
});

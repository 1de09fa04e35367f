import { expect, test } from "vitest";
import { changesOf, fromLines, toLines } from "./spec_lines";

test("specs come back as they were", () => {
  const specs = { "hw:cpu_policy": "dedicated", "resources:CUSTOM_A": "1", url: "a=b" };
  expect(fromLines(toLines(specs))).toEqual({ specs });
});

test("a line without a key or a sign is named", () => {
  expect(fromLines("a=1\nnonsense").wrong).toBe("nonsense");
  expect(fromLines("=1").wrong).toBe("=1");
  expect(fromLines("\n a = 1 \n")).toEqual({ specs: { a: "1" } });
});

test("only what changed is set, and what is no longer there is taken away", () => {
  const before = { kept: "1", other: "1", gone: "1" };

  expect(changesOf(before, "kept=1\nother=2\nfresh=3")).toEqual({
    set: { other: "2", fresh: "3" },
    gone: ["gone"],
    wrong: undefined,
  });
});

import { expect, test } from "vitest";
import { strokesOf } from "./strokes";

test("what a shell needs has a key of its own", () => {
  const printable = Array.from({ length: 95 }, (_, number) => String.fromCodePoint(32 + number));

  for (const stroke of strokesOf(printable.join("")))
    expect(stroke.code, String.fromCodePoint(stroke.keysym)).not.toBeNull();
});

test("Shift is held where the key says something else without it", () => {
  expect(strokesOf("a A1!\"'|\n").map((one) => [one.code, one.shift])).toEqual([
    ["KeyA", false],
    ["Space", false],
    ["KeyA", true],
    ["Digit1", false],
    ["Digit1", true],
    ["Quote", true],
    ["Quote", false],
    ["Backslash", true],
    ["Enter", false],
  ]);
});

test("lines end once, and other scripts go by their number in Unicode", () => {
  expect(strokesOf("\r\né雲").map((one) => one.keysym)).toEqual([
    0xff0d,
    0xe9,
    0x01000000 + 0x96f2,
  ]);
});

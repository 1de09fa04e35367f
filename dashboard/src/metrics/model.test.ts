import { expect, test } from "vitest";
import { type Samples, amount, broken, merged, recent, spanOf } from "./model";

const samples = (...at: number[]): Samples => ({
  every_s: 10,
  at,
  series: { cpu_percent: at.map((one) => one / 10) },
});

test("what comes later is added once, and an hour is kept", () => {
  const found = merged(samples(10, 20), samples(20, 30, 3620));

  expect(found.at).toEqual([30, 3620]);
  expect(found.series.cpu_percent).toEqual([3, 362]);
  expect(merged(samples(10), samples()).at).toEqual([10]);
  expect(merged(undefined, samples(10)).at).toEqual([10]);
});

test("a time without samples breaks the line", () => {
  const [at, line] = broken(samples(10, 20, 60, 70), ["cpu_percent"]);

  expect(at).toEqual([10, 20, 30, 60, 70]);
  expect(line).toEqual([1, 2, null, 6, 7]);
});

test("the last minutes only", () => {
  expect(recent(samples(10, 20, 30, 40), 15).at).toEqual([30, 40]);
  expect(recent(samples(), 15).at).toEqual([]);
});

test.each([
  [12.34, "percent", "12 %"],
  [0, "bytes_s", "0 B/s"],
  [4_100_000, "bytes_s", "4.1 MB/s"],
  [999, "bytes_s", "999 B/s"],
  [150, "ops_s", "150 /s"],
  [512, "mib", "512 MiB"],
  [1536, "mib", "1.5 GiB"],
] as const)("%s %s is %s", (value, unit, words) => {
  expect(amount(value, unit)).toBe(words);
});

test("a span is of what was measured", () => {
  expect(spanOf([3, 1, 2])).toEqual({ now: 2, least: 1, most: 3 });
  expect(spanOf([])).toBeNull();
});

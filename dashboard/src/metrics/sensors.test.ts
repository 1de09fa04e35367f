import { expect, test } from "vitest";
import { toneOfSensor, widened } from "./sensors";

const fan = (value: number | null) => ({
  type: "Fan",
  name: "1",
  value,
  unit: "RPM",
  status: "ok",
});

test("a range grows with what is read, and only with that", () => {
  const ranges = [fan(3000), fan(null), fan(2500), fan(2800)].reduce(
    (known, one) => widened(known, [one]),
    {},
  );

  expect(ranges).toEqual({ "Fan/1": { least: 2500, most: 3000 } });
});

test("a limit that was passed is seen", () => {
  expect(["ok", "ns", "nc", "cr", "Critical"].map(toneOfSensor)).toEqual([
    ...["good", "off", "warn", "bad", "bad"],
  ]);
});

import { expect, test } from "vitest";
import { FRESH, bodyOf, commandOf, isWhole } from "./volume_draft";

const COPY = { ...FRESH, name: " it's mine ", source: "snapshot", sourceId: "s-1" } as const;

test("a blank volume names no source, and no empty fields", () => {
  expect(bodyOf(FRESH)).toEqual({ size: 1 });
  expect(commandOf({ ...FRESH, name: "a" })).toBe("openstack volume create --size 1 a");
});

test("a copy names its source, in the API's word and in the client's", () => {
  expect(bodyOf(COPY)).toEqual({ size: 1, name: "it's mine", snapshot_id: "s-1" });
  expect(bodyOf({ ...COPY, source: "volume" })).toHaveProperty("source_volid", "s-1");
  expect(commandOf({ ...COPY, source: "volume" })).toBe(
    "openstack volume create --size 1 --source s-1 'it'\\''s mine'",
  );
});

test("a copy needs its source, and every volume a size", () => {
  expect(isWhole(FRESH)).toBe(true);
  expect(isWhole({ ...FRESH, size: null })).toBe(false);
  expect(isWhole(COPY)).toBe(true);
  expect(isWhole({ ...COPY, sourceId: null })).toBe(false);
});

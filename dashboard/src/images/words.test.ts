import { expect, test } from "vitest";
import type { Image } from "../api/models";
import { bytes, formatOf, propertiesOf, stemOf } from "./words";

test("sizes are said as people say them", () => {
  expect(bytes(0)).toBe("0 B");
  expect(bytes(1536)).toBe("1.5 KiB");
  expect(bytes(512 * 2 ** 20)).toBe("512 MiB");
  expect(bytes(2.5 * 2 ** 40)).toBe("2.5 TiB");
});

test("a file's name tells its format", () => {
  expect(formatOf("debian-13.QCOW2")).toBe("qcow2");
  expect(formatOf("cloud.img")).toBe("qcow2");
  expect(formatOf("data")).toBe("raw");
  expect(stemOf("debian-13.qcow2")).toBe("debian-13");
});

test("properties are what is no attribute", () => {
  const image = { id: "1", tags: [], os_distro: "debian", hw_disk_bus: "virtio" };
  expect(propertiesOf(image as unknown as Image)).toEqual([
    ["hw_disk_bus", "virtio"],
    ["os_distro", "debian"],
  ]);
});

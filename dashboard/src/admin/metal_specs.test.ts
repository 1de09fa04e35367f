import { expect, test } from "vitest";
import { metalSpecs } from "./metal_specs";

test("a flavor of machines asks for one of its class, and for nothing of a host", () => {
  expect(metalSpecs("baremetal.large")).toEqual({
    "resources:CUSTOM_BAREMETAL_LARGE": "1",
    "resources:VCPU": "0",
    "resources:MEMORY_MB": "0",
    "resources:DISK_GB": "0",
  });
});

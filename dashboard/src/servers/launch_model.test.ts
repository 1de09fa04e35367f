import { expect, test } from "vitest";
import {
  BLANK,
  beginning,
  bodyOf,
  commandOf,
  hasRoot,
  metadataOf,
  newGib,
  newVolumes,
  onHost,
} from "./launch_model";

const LAUNCH = { ...BLANK, name: " it's me ", imageId: "image", flavorId: "1" };

test("nothing chosen means the project's own network, and no empty fields", () => {
  const { server } = bodyOf(LAUNCH);

  expect(server.name).toBe("it's me");
  expect(server.networks).toBe("auto");
  expect(server).not.toHaveProperty("user_data");
});

test("user data is base64 of UTF-8", () => {
  expect(bodyOf({ ...LAUNCH, userData: "雲" }).server.user_data).toBe("6Zuy");
});

test("metadata is one pair a line", () => {
  expect(metadataOf("a=1\n\n b = x=y \nc")).toEqual({ a: "1", b: "x=y", c: "" });
});

test("the command is quoted for a shell", () => {
  const names = { image: "my image", flavor: "m1.nano", networks: ["net"] };

  expect(commandOf({ ...LAUNCH, networkIds: ["id"] }, names)).toBe(
    "openstack server create --image 'my image' --flavor m1.nano --network net 'it'\\''s me'",
  );
});

test("who comes from an image or a network has chosen it", () => {
  const chosen = beginning({ image: "one", network: "two" });

  expect(chosen).toEqual({ ...BLANK, imageId: "one", networkIds: ["two"] });
});

test("a server may boot from a volume, and bring blank ones", () => {
  const extra = [{ key: 1, size: 5, goes: true }];
  const launch = { ...LAUNCH, boot: "volume", bootId: "v-1", extra } as const;
  const { server } = bodyOf(launch);

  expect(server).not.toHaveProperty("imageRef");
  expect(server.block_device_mapping_v2).toEqual([
    {
      uuid: "v-1",
      source_type: "volume",
      destination_type: "volume",
      boot_index: 0,
      delete_on_termination: false,
    },
    {
      source_type: "blank",
      destination_type: "volume",
      boot_index: -1,
      volume_size: 5,
      delete_on_termination: true,
    },
  ]);
  expect(hasRoot(launch)).toBe(true);
  expect([newVolumes(launch), newGib(launch)]).toEqual([1, 5]);
});

test("a volume made of an image is sized, and the command says the same", () => {
  const launch = { ...LAUNCH, boot: "image-volume", bootSize: 3, bootGoes: true } as const;

  expect(commandOf(launch, { flavor: "m1.nano", networks: [] })).toContain(
    "--block-device uuid=image,source_type=image,destination_type=volume,boot_index=0," +
      "volume_size=3,delete_on_termination=true --flavor m1.nano",
  );
  expect(onHost(launch, "image")).toBeUndefined();
});

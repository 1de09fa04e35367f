import { expect, test } from "vitest";
import { BLANK, beginning, bodyOf, commandOf, metadataOf } from "./launch_model";

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

import { beforeEach, expect, test } from "vitest";
import { type Session, endpointPath, regionsOf, setSession } from "./session";

const at = (region: string, path: string) => ({
  interface: "public",
  region,
  url: `http://127.0.0.1:8780${path}`,
});
const SESSION: Session = {
  token: "t",
  expiresAt: "2999-01-01T00:00:00Z",
  user: { id: "u", name: "u", domain: "d" },
  project: null,
  roles: [],
  catalog: [
    { type: "compute", name: "nova", endpoints: [at("east", "/compute/v2.1"), at("west", "/w/")] },
    { type: "image", name: "glance", endpoints: [at("east", "/image")] },
    { type: "identity", name: "keystone", endpoints: [at("east", "/identity")] },
  ],
  region: "west",
  byCredential: false,
};

beforeEach(() => setSession(SESSION));

test("a service is spoken to where the chosen region has it", () => {
  expect(regionsOf(SESSION)).toEqual(["east", "west"]);
  expect(endpointPath("compute")).toBe("/w");
});

test("another region never answers for the chosen one", () => {
  expect(() => endpointPath("image")).toThrow("The region west has no image service.");
});

test("identity is one for all regions, and what the catalog leaves out is where it always is", () => {
  expect(endpointPath("identity")).toBeNull();
  expect(endpointPath("unkai")).toBeNull();
});

import { expect, test } from "vitest";
import { errorOf, sentenceOf } from "./errors";

const SAID = "It cannot be done.";

test.each([
  ["nova", { conflictingRequest: { code: 409, message: SAID } }],
  ["keystone", { error: { code: 401, message: SAID, title: "Unauthorized" } }],
  ["neutron", { NeutronError: { type: "X", message: SAID, detail: "" } }],
  ["glance", { message: SAID, code: "404 Not Found", title: "Not Found" }],
  ["placement", { errors: [{ status: 409, title: "Conflict", detail: SAID }] }],
  ["ironic", { error_message: JSON.stringify({ faultstring: SAID }) }],
  ["a proxy", SAID],
])("the sentence of %s", (_name, body) => {
  expect(sentenceOf(body)).toBe(SAID);
});

test("an error carries the id that finds it in the log", () => {
  const headers = { "x-openstack-request-id": "req-1" };
  const body = { error: { message: SAID, remedy: "Wait." } };
  const found = errorOf(new Response(null, { status: 409, headers }), body);

  expect([found.status, found.message, found.requestId, found.remedy]).toEqual([
    409,
    SAID,
    "req-1",
    "Wait.",
  ]);
});

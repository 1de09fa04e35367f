import { expect, test } from "vitest";
import type { PortFull } from "./models";
import { draftOf, freshPort, pairsOf, portBody, portOptions } from "./port_draft";

const port = {
  name: "p",
  mac_address: "fa:16:3e:00:00:01",
  fixed_ips: [{ subnet_id: "s", ip_address: "10.0.0.5" }],
  security_groups: ["g"],
  port_security_enabled: true,
  admin_state_up: true,
  allowed_address_pairs: [
    { ip_address: "10.0.0.50", mac_address: "fa:16:3e:00:00:01" },
    { ip_address: "10.0.0.51", mac_address: "fa:16:3e:00:00:09" },
  ],
} as PortFull;

test("an untouched draft changes nothing", () => {
  expect(portBody(draftOf(port), port)).toEqual({});
  expect(portBody(freshPort())).toEqual({});
  expect(portOptions(draftOf(port), port)).toEqual([]);
});

test("what was changed is sent, and nothing else", () => {
  const draft = { ...draftOf(port), addresses: "10.0.0.5 10.0.0.6", up: false };
  expect(portBody(draft, port)).toEqual({
    fixed_ips: [{ ip_address: "10.0.0.5" }, { ip_address: "10.0.0.6" }],
    admin_state_up: false,
  });
  expect(portOptions(draft, port).join(" ")).toBe(
    "--no-fixed-ip --fixed-ip ip-address=10.0.0.5 --fixed-ip ip-address=10.0.0.6 --disable",
  );
});

test("without port security there are neither groups nor pairs", () => {
  expect(portBody({ ...draftOf(port), security: false }, port)).toEqual({
    port_security_enabled: false,
    security_groups: [],
    allowed_address_pairs: [],
  });
});

test("pairs are lines", () => {
  expect(pairsOf("10.0.0.9\n\n 10.0.0.8  aa:bb:cc:dd:ee:ff ")).toEqual([
    { ip_address: "10.0.0.9" },
    { ip_address: "10.0.0.8", mac_address: "aa:bb:cc:dd:ee:ff" },
  ]);
});

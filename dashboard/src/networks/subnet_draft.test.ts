import { expect, test } from "vitest";
import { FRESH_SUBNET, subnetBody, subnetCli } from "./subnet_draft";

test("a draft becomes what the API wants", () => {
  const draft = { ...FRESH_SUBNET, name: "s", cidr: "10.1.0.0/24", dns: "9.9.9.9, 1.1.1.1" };
  expect(subnetBody(draft)).toEqual({
    name: "s",
    cidr: "10.1.0.0/24",
    ip_version: 4,
    enable_dhcp: true,
    dns_nameservers: ["9.9.9.9", "1.1.1.1"],
  });
  expect(subnetBody({ ...draft, noGateway: true })).toMatchObject({ gateway_ip: null });
  expect(subnetBody({ ...draft, pools: "10.1.0.5-10.1.0.9" })).toMatchObject({
    allocation_pools: [{ start: "10.1.0.5", end: "10.1.0.9" }],
  });
  expect(subnetBody({ ...draft, cidr: "fd00::/64" })).toMatchObject({ ip_version: 6 });
});

test("the command does the same", () => {
  const draft = { ...FRESH_SUBNET, name: "s", cidr: "fd00::/64", noGateway: true, dhcp: false };
  expect(subnetCli(draft, "my net")).toBe(
    "openstack subnet create --network 'my net' --subnet-range fd00::/64 --ip-version 6" +
      " --no-dhcp --gateway none s",
  );
});

import { expect, test } from "vitest";
import { FRESH_RULE, isOpen, isPortsText, portsOf, ruleBody, ruleCli, ruleOf } from "./rules";

test("ports are one, a range, or all", () => {
  expect(portsOf("22")).toEqual([22, 22]);
  expect(portsOf("8000-8100")).toEqual([8000, 8100]);
  expect(portsOf("")).toEqual([null, null]);
  expect(isPortsText("80, 443")).toBe(false);
});

test("a draft becomes a rule and a command", () => {
  const draft = { ...FRESH_RULE, ports: "22", cidr: "10.0.0.0/8" };
  expect(ruleBody(draft, "g")).toEqual({
    security_group_id: "g",
    direction: "ingress",
    ethertype: "IPv4",
    protocol: "tcp",
    port_range_min: 22,
    port_range_max: 22,
    remote_ip_prefix: "10.0.0.0/8",
  });
  expect(ruleCli(draft, "web")).toBe(
    "openstack security group rule create --ingress --protocol tcp --dst-port 22" +
      " --remote-ip 10.0.0.0/8 web",
  );
});

test("what lets the world in is known", () => {
  expect(isOpen(ruleOf({ ...FRESH_RULE, ports: "22" }))).toBe(true);
  expect(isOpen(ruleOf({ ...FRESH_RULE, cidr: "10.0.0.0/8" }))).toBe(false);
  expect(isOpen(ruleOf({ ...FRESH_RULE, direction: "egress" }))).toBe(false);
});

import { describe, expect, it } from "vitest";
import { plainText } from "./console_text";
import { BLANK, driverInfoOf, enrollCli, macsOf } from "./enroll";
import { patchInside, patchOf } from "./patch";
import { entriesOf, sourceOf } from "./recorder";
import { isBusy, wayOf } from "./states";
import { parseSteps, stepsOf } from "./step_words";

let events = 0;
const event = (participant: string, outcome: "ok" | "failed" = "ok") => ({
  id: events++,
  participant,
  action: "a",
  started_at: "2026-01-01T00:00:00Z",
  ended_at: null,
  duration_ms: null,
  outcome,
  detail: null,
  request_id: "",
  operation: null,
});

describe("enrolment", () => {
  it("takes MACs by lines, commas and dashes, and refuses what is none", () => {
    expect(macsOf("52:54:00:AA:00:01\n52-54-00-aa-00-02, 52:54:00:aa:00:01")).toEqual([
      "52:54:00:aa:00:01",
      "52:54:00:aa:00:02",
    ]);
    expect(macsOf("52:54:00")).toBeNull();
  });

  it("sends the password and never shows it in a command", () => {
    const said = { ...BLANK, driver: "ipmi", address: "192.0.2.9", password: "hush hush" };
    expect(driverInfoOf(said)).toEqual({ ipmi_address: "192.0.2.9", ipmi_password: "hush hush" });
    expect(enrollCli(said).join("\n")).not.toContain("hush");
  });
});

describe("patches", () => {
  it("hold only what changed", () => {
    expect(patchOf({ name: "a", shard: "s", owner: null }, { name: "b", shard: null })).toEqual([
      { op: "add", path: "/name", value: "b" },
      { op: "remove", path: "/shard" },
    ]);
  });

  it("escape keys and leave masked secrets alone", () => {
    const before = { ipmi_password: "******", old: "1" };
    expect(patchInside("driver_info", before, { ...before, old: "", "a/b": "c" })).toEqual([
      { op: "remove", path: "/driver_info/old" },
      { op: "add", path: "/driver_info/a~1b", value: "c" },
    ]);
  });
});

describe("states", () => {
  it("lie on a way", () => {
    expect(wayOf("cleaning")).toEqual({ from: "manageable", to: "available" });
    expect(wayOf("active")).toEqual({ from: "active", to: "active" });
    expect([isBusy("clean wait"), isBusy("clean hold"), isBusy("rescue")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("the flight recorder", () => {
  it("shows the newest first, of the wanted sources", () => {
    const events = [event("DHCP"), event("BareMetalNodeBMC", "failed"), event("IronicAPI")];
    expect(events.map(sourceOf)).toEqual(["dhcp", "bmc", "service"]);
    expect(entriesOf(events, [], false).map((one) => one.id)).toEqual(["2", "1", "0"]);
    expect(entriesOf(events, ["dhcp"], false)).toHaveLength(1);
    expect(entriesOf(events, [], true).map((one) => one.id)).toEqual(["1"]);
  });
});

describe("steps", () => {
  it("are a list of steps, or nothing", () => {
    expect(parseSteps(stepsOf(["eraseMetadata"]))).toEqual([
      { interface: "deploy", step: "erase_devices_metadata" },
    ]);
    expect(parseSteps("{}")).toBeNull();
    expect(parseSteps("[1]")).toBeNull();
  });
});

describe("a console's log", () => {
  it("loses what only a terminal understands", () => {
    expect(plainText("\u001b[1;32mok\u001b[0m\r\n50%\r100%\nbell\u0007")).toBe("ok\n100%\nbell");
  });
});

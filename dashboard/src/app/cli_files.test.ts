import { expect, test } from "vitest";
import type { Session } from "../api/session";
import { credentialOpenrc, credentialYaml } from "./cli_files";

const MADE = { id: "c1", secret: 'it\'s "secret"', name: "ci: $(rm)" };
const SESSION = { region: "RegionOne" } as Session;

test("a credential's files hold all a client needs, quoted for where it is read", () => {
  const yaml = credentialYaml(MADE, SESSION, "http://cloud");
  const openrc = credentialOpenrc(MADE, SESSION, "http://cloud");

  expect(yaml).toContain('  "ci: $(rm)":');
  expect(yaml).toContain('application_credential_secret: "it\'s \\"secret\\""');
  expect(openrc).toContain("export OS_APPLICATION_CREDENTIAL_SECRET='it'\\''s \"secret\"'");
  expect(openrc).toContain("export OS_AUTH_URL='http://cloud/identity/v3'");
});

// From what the enroll form says to a node, its ports, and what its BMC answers.
import { baremetal, done, take } from "../api/clients";
import { openstack } from "../parts/shell_words";
import type { Info, MetalNode, Validation } from "./models";
import { nodeOne, validationOf } from "./queries";

export interface Enrolment {
  name: string;
  driver: string;
  address: string;
  port: string;
  username: string;
  password: string;
  systemId: string;
  verifyCa: boolean;
  resourceClass: string;
  macs: string;
  properties: { cpus: string; memory_mb: string; local_gb: string; cpu_arch: string };
}

export const BLANK: Enrolment = {
  name: "",
  driver: "redfish",
  address: "",
  port: "",
  username: "",
  password: "",
  systemId: "",
  verifyCa: true,
  resourceClass: "",
  macs: "",
  properties: { cpus: "", memory_mb: "", local_gb: "", cpu_arch: "" },
};

const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;

/** What was written, by commas, blanks or lines; null where one of it is no MAC. */
export function macsOf(text: string): string[] | null {
  const found = text.split(/[\s,;]+/).filter(Boolean);
  if (!found.every((one) => MAC.test(one))) return null;
  return [...new Set(found.map((one) => one.toLowerCase().replaceAll("-", ":")))];
}

export function hasBmc(driver: string): boolean {
  return driver === "ipmi" || driver === "redfish";
}

/** Without the password, which no command and no page shows. */
function publicInfo(said: Enrolment): Record<string, string> {
  const { address, username, port, systemId } = said;
  if (said.driver === "ipmi")
    return kept({ ipmi_address: address, ipmi_port: port, ipmi_username: username });
  if (said.driver === "redfish")
    return kept({
      redfish_address: address,
      redfish_username: username,
      redfish_system_id: systemId,
      redfish_verify_ca: said.verifyCa ? "" : "false",
    });
  return {};
}

export function driverInfoOf(said: Enrolment): Info {
  const info = publicInfo(said);
  return hasBmc(said.driver) && said.password
    ? { ...info, [`${said.driver}_password`]: said.password }
    : info;
}

function kept(words: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(words)
      .map(([key, value]) => [key, value.trim()] as const)
      .filter(([, value]) => value),
  );
}

/** Make the node and its ports; where a port is refused the node stays, and the reason is thrown. */
export async function enroll(said: Enrolment): Promise<MetalNode> {
  const body = {
    name: said.name.trim() || null,
    driver: said.driver,
    driver_info: driverInfoOf(said),
    properties: kept(said.properties),
    resource_class: said.resourceClass.trim() || null,
  } as never;
  return take<MetalNode>(baremetal.POST("/nodes", { body }));
}

export async function addPorts(uuid: string, macs: string[]): Promise<void> {
  for (const address of macs)
    await done(baremetal.POST("/ports", { body: { node_uuid: uuid, address } as never }));
}

export interface Verdict {
  validation: Validation;
  node: MetalNode;
}

const LOOK_MS = 500;
const PATIENCE_MS = 90_000;

/** Ask every interface whether it was told enough, then the BMC whether the machine is on. */
export async function checkBmc(uuid: string, signal: AbortSignal): Promise<Verdict> {
  const validation = await validationOf(uuid).queryFn();
  const params = { path: { node_ident: uuid } };
  await done(
    baremetal.PUT("/nodes/{node_ident}/states/provision", {
      params,
      body: { target: "manage" } as never,
    }),
  );
  const until = Date.now() + PATIENCE_MS;
  let node = await nodeOne(uuid).queryFn();
  while (node.provision_state === "verifying" && Date.now() < until && !signal.aborted) {
    await new Promise((resolve) => window.setTimeout(resolve, LOOK_MS));
    node = await nodeOne(uuid).queryFn();
  }
  return { validation, node };
}

export function enrollCli(said: Enrolment): string[] {
  const name = said.name.trim() || "NODE";
  const info = Object.entries(publicInfo(said)).flatMap(([key, value]) => [
    "--driver-info",
    `${key}=${value}`,
  ]);
  const properties = Object.entries(kept(said.properties)).flatMap(([key, value]) => [
    "--property",
    `${key}=${value}`,
  ]);
  const rest = said.resourceClass.trim() ? ["--resource-class", said.resourceClass.trim()] : [];
  const made = openstack(
    ...["baremetal", "node", "create", "--driver", said.driver, "--name", name],
    ...info,
    ...properties,
    ...rest,
  );
  const secret =
    hasBmc(said.driver) && said.password
      ? ` --driver-info ${said.driver}_password="$BMC_PASSWORD"`
      : "";
  const ports = (macsOf(said.macs) ?? []).map((mac) =>
    openstack("baremetal", "port", "create", mac, "--node", name),
  );
  return [
    made + secret,
    ...ports,
    openstack("baremetal", "node", "validate", name),
    openstack("baremetal", "node", "manage", name, "--wait"),
  ];
}

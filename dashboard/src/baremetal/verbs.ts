// What can be done to a node: one entry for each verb, with its command, its request, and the
// states in which it makes sense. Menus, buttons and bulk actions are made from this table.
import {
  type Icon,
  IconAmbulance,
  IconArrowBackUp,
  IconCheckupList,
  IconEraser,
  IconHandStop,
  IconHomePlus,
  IconLifebuoy,
  IconPlayerPlay,
  IconPower,
  IconRefresh,
  IconRotate,
  IconSearch,
  IconSettingsCheck,
  IconTool,
  IconTools,
  IconToolsOff,
  IconTrash,
} from "@tabler/icons-react";
import { baremetal, done } from "../api/clients";
import { openstack } from "../parts/shell_words";
import type metal from "./en.json";
import { type NodeRow, nameOf } from "./models";
import { DELETE_FROM, FROM, type ProvisionVerb } from "./states";

export type VerbName =
  | ProvisionVerb
  | "powerOn"
  | "powerOff"
  | "softOff"
  | "reboot"
  | "softReboot"
  | "maintain"
  | "endMaintenance"
  | "remove";

/** What a verb takes along, from its form. */
export interface Given {
  reason?: string;
  password?: string;
  steps?: unknown[];
}

export interface Verb {
  name: VerbName;
  label: keyof typeof metal & `verb.${string}`;
  about: keyof typeof metal & `about.${string}`;
  icon: Icon;
  kind: "provision" | "power" | "care";
  danger?: boolean;
  /** It interrupts or destroys something, so it is asked about first. */
  asks?: boolean;
  form?: "steps" | "password" | "reason";
  fits: (node: NodeRow) => boolean;
  cli: (node: NodeRow, given: Given) => string;
  work: (node: NodeRow, given: Given) => Promise<void>;
}

const path = (node: NodeRow) => ({ params: { path: { node_ident: node.uuid } } });

function put(node: NodeRow, target: string, more: object = {}): Promise<void> {
  const body = { target, ...more } as never;
  return done(baremetal.PUT("/nodes/{node_ident}/states/provision", { ...path(node), body }));
}

function command(verb: string, ...words: (string | undefined)[]) {
  return (node: NodeRow) => openstack("baremetal", "node", verb, ...words, nameOf(node));
}

type Look = Pick<Verb, "icon" | "danger" | "asks" | "form">;

function provision(name: ProvisionVerb, cli: string, look: Look): Verb {
  return {
    name,
    label: `verb.${name}`,
    about: `about.${name}`,
    kind: "provision",
    fits: (node) => FROM[name].includes(node.provision_state),
    cli: command(cli),
    work: (node) => put(node, name),
    ...look,
  };
}

function power(name: VerbName & `${string}`, target: string, cli: string[], look: Look): Verb {
  const off = target.includes("off");
  return {
    name,
    label: `verb.${name}` as Verb["label"],
    about: `about.${name}` as Verb["about"],
    kind: "power",
    fits: (node) =>
      target === "power on"
        ? node.power_state !== "power on"
        : node.power_state === "power on" || (!off && node.power_state === null),
    cli: command(cli[0] ?? "", ...cli.slice(1)),
    work: (node) => {
      const body = { target } as never;
      return done(baremetal.PUT("/nodes/{node_ident}/states/power", { ...path(node), body }));
    },
    ...look,
  };
}

const PROVISION: Verb[] = [
  provision("manage", "manage", { icon: IconSettingsCheck }),
  provision("inspect", "inspect", { icon: IconSearch, asks: true }),
  provision("provide", "provide", { icon: IconCheckupList, asks: true }),
  {
    ...provision("clean", "clean", { icon: IconEraser, form: "steps", danger: true }),
    cli: (node, given) =>
      openstack("baremetal", "node", "clean", "--clean-steps", stepsText(given), nameOf(node)),
    work: (node, given) => put(node, "clean", { clean_steps: given.steps ?? [] }),
  },
  provision("adopt", "adopt", { icon: IconHomePlus, asks: true }),
  provision("active", "deploy", { icon: IconPlayerPlay, asks: true, danger: true }),
  provision("rebuild", "rebuild", { icon: IconRotate, asks: true, danger: true }),
  {
    ...provision("rescue", "rescue", { icon: IconAmbulance, form: "password" }),
    cli: (node) =>
      `${openstack("baremetal", "node", "rescue", nameOf(node))} --rescue-password "$RESCUE_PASSWORD"`,
    work: (node, given) => put(node, "rescue", { rescue_password: given.password }),
  },
  provision("unrescue", "unrescue", { icon: IconLifebuoy, asks: true }),
  {
    ...provision("service", "service", { icon: IconTool, form: "steps", danger: true }),
    cli: (node, given) =>
      openstack("baremetal", "node", "service", "--service-steps", stepsText(given), nameOf(node)),
    work: (node, given) => put(node, "service", { service_steps: given.steps ?? [] }),
  },
  provision("unhold", "unhold", { icon: IconPlayerPlay }),
  provision("abort", "abort", { icon: IconHandStop, asks: true, danger: true }),
  provision("deleted", "undeploy", { icon: IconArrowBackUp, asks: true, danger: true }),
];

const POWER: Verb[] = [
  power("powerOn", "power on", ["power", "on"], { icon: IconPower }),
  power("softOff", "soft power off", ["power", "off", "--soft"], { icon: IconPower, asks: true }),
  power("powerOff", "power off", ["power", "off"], { icon: IconPower, asks: true, danger: true }),
  power("softReboot", "soft rebooting", ["reboot", "--soft"], { icon: IconRefresh, asks: true }),
  power("reboot", "rebooting", ["reboot"], { icon: IconRefresh, asks: true, danger: true }),
];

const CARE: Verb[] = [
  {
    name: "maintain",
    label: "verb.maintain",
    about: "about.maintain",
    icon: IconTools,
    kind: "care",
    form: "reason",
    fits: (node) => !node.maintenance,
    cli: (node, { reason }) => {
      const why = reason ? ["--reason", reason] : [];
      return openstack("baremetal", "node", "maintenance", "set", ...why, nameOf(node));
    },
    work: (node, { reason }) =>
      done(
        baremetal.PUT("/nodes/{node_ident}/maintenance", {
          ...path(node),
          body: { reason: reason || null },
        }),
      ),
  },
  {
    name: "endMaintenance",
    label: "verb.endMaintenance",
    about: "about.endMaintenance",
    icon: IconToolsOff,
    kind: "care",
    fits: (node) => node.maintenance,
    cli: command("maintenance", "unset"),
    work: (node) => done(baremetal.DELETE("/nodes/{node_ident}/maintenance", path(node))),
  },
  {
    name: "remove",
    label: "verb.remove",
    about: "about.remove",
    icon: IconTrash,
    kind: "care",
    danger: true,
    asks: true,
    fits: (node) => node.maintenance || DELETE_FROM.includes(node.provision_state),
    cli: command("delete"),
    work: (node) => done(baremetal.DELETE("/nodes/{node_ident}", path(node))),
  },
];

export const VERBS: Verb[] = [...PROVISION, ...POWER, ...CARE];

export function verb(name: VerbName): Verb {
  const found = VERBS.find((one) => one.name === name);
  if (!found) throw new Error(`there is no verb ${name}`);
  return found;
}

function stepsText(given: Given): string {
  return JSON.stringify(given.steps ?? []);
}

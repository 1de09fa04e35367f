// What can be done to a server: one entry for each verb, with its command, its request, and the
// states in which it makes sense. Menus, buttons and bulk actions are made from this table.
import {
  type Icon,
  IconLock,
  IconLockOpen,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconTrash,
} from "@tabler/icons-react";
import { compute, done } from "../api/clients";
import type { Server } from "../api/models";
import { openstack } from "../parts/shell_words";
import type servers from "./en.json";

export type VerbName = "start" | "stop" | "reboot" | "lock" | "unlock" | "delete";

export interface Verb {
  name: VerbName;
  label: keyof typeof servers & `verb.${string}`;
  icon: Icon;
  danger?: boolean;
  /** It interrupts the guest, so it is asked about first. */
  asks: boolean;
  /** A choice it takes along: a hard reboot. */
  option?: keyof typeof servers & `option.${string}`;
  fits: (server: Server) => boolean;
  cli: (server: Server, option: boolean) => string;
  work: (server: Server, option: boolean) => Promise<void>;
}

function act(id: string, body: Record<string, unknown>): Promise<void> {
  const path = { server_id: id };
  return done(
    compute.POST("/servers/{server_id}/action", { params: { path }, body: body as never }),
  );
}

function plain(action: string): Verb["work"] {
  return (server) => act(server.id, { [action]: null });
}

export const VERBS: Verb[] = [
  {
    name: "start",
    label: "verb.start",
    icon: IconPlayerPlay,
    asks: false,
    fits: (server) => server.status === "SHUTOFF",
    cli: (server) => openstack("server", "start", server.name),
    work: plain("os-start"),
  },
  {
    name: "stop",
    label: "verb.stop",
    icon: IconPlayerStop,
    asks: true,
    fits: (server) => server.status === "ACTIVE" || server.status === "ERROR",
    cli: (server) => openstack("server", "stop", server.name),
    work: plain("os-stop"),
  },
  {
    name: "reboot",
    label: "verb.reboot",
    icon: IconRefresh,
    asks: true,
    option: "option.hard",
    fits: (server) => ["ACTIVE", "ERROR", "SHUTOFF"].includes(server.status),
    cli: (server, hard) => openstack("server", "reboot", hard && "--hard", server.name),
    work: (server, hard) => act(server.id, { reboot: { type: hard ? "HARD" : "SOFT" } }),
  },
  {
    name: "lock",
    label: "verb.lock",
    icon: IconLock,
    asks: false,
    fits: (server) => !server.locked,
    cli: (server) => openstack("server", "lock", server.name),
    work: plain("lock"),
  },
  {
    name: "unlock",
    label: "verb.unlock",
    icon: IconLockOpen,
    asks: false,
    fits: (server) => server.locked,
    cli: (server) => openstack("server", "unlock", server.name),
    work: plain("unlock"),
  },
  {
    name: "delete",
    label: "verb.delete",
    icon: IconTrash,
    danger: true,
    asks: true,
    fits: (server) => !server.locked,
    cli: (server) => openstack("server", "delete", server.name),
    work: (server) => {
      const path = { server_id: server.id };
      return done(compute.DELETE("/servers/{server_id}", { params: { path } }));
    },
  },
];

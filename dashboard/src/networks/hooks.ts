// What pages of the network area share: lists by their kind, names by their ids, deletion.
import { useTranslation } from "react-i18next";
import { type Asking, useList } from "../api/queries";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { serverNames } from "../servers/queries";
import { NETWORK, PORT, ROUTER, SUBNET, type Kind, listOf, remove } from "./things";
import type en from "./en.json";

export function useAll<T extends { id: string }>(
  asked: Kind<T>,
  filter?: Record<string, string>,
  options?: Asking,
) {
  return useList(listOf(asked, filter), options);
}

export const label = (one: { id: string; name: string }): string => one.name || one.id.slice(0, 8);

/** Names of networks by id. */
export function useNetworkNames(): Map<string, string> {
  const found = useAll(NETWORK).data ?? [];
  return new Map(found.map((one) => [one.id, label(one)]));
}

export function useSubnets() {
  return useAll(SUBNET).data ?? [];
}

/** What a port is plugged into, in words: a server's name, a router's, or its owner's own. */
export function useDeviceNames(): Map<string, string> {
  const servers = useList(serverNames()).data ?? [];
  const routers = useAll(ROUTER).data ?? [];
  return new Map([...servers, ...routers].map((one) => [one.id, label(one)]));
}

type About = keyof typeof en & `removeAbout.${string}`;

const CLI_WORDS: Record<string, string[]> = {
  floatingip: ["floating", "ip"],
  security_group: ["security", "group"],
  security_group_rule: ["security", "group", "rule"],
};

export function cliWords(what: { one: string }): string[] {
  return CLI_WORDS[what.one] ?? [what.one];
}

/** Asks about things of a kind and deletes them. */
export function useThingRemoval<T extends { id: string }>(
  what: Kind<T>,
  about: About,
  name: (one: T) => string,
) {
  const { t } = useTranslation("networks");
  return useRemoval<T>({
    name,
    cli: (one) => openstack(...cliWords(what), "delete", one.id),
    remove: (one) => remove(what, one.id),
    about: t(about),
    stale: [...what.stale, PORT.queryKey],
  });
}

// What the palette finds: the cloud is asked for servers, of which there may be any number; nodes
// are looked through here, where their names are known after the first look.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { compute, take } from "../api/clients";
import { keys } from "../api/keys";
import type { Server } from "../api/models";
import { readAll } from "../api/queries";
import type { Volume } from "../volumes/models";
import { searchVolumes } from "../volumes/queries";
import { type Addressed, bmcOf, nameOf } from "../baremetal/models";
import { nodeAddresses } from "../baremetal/queries";

const MOST = 8;
const FRESH_MS = 10_000;
const ADDRESS = /^(?=.*[.:])[0-9a-f.:]+$/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Servers whose name, address or id has the text in it. */
export function useFoundServers(text: string): Server[] {
  const asked = useQuery({
    queryKey: [...keys.servers, "search", text],
    queryFn: async () => {
      const query = { ...criterion(text), limit: MOST } as never;
      const found = await take<{ servers: Server[] }>(
        compute.GET("/servers/detail", { params: { query } }),
      );
      return found.servers;
    },
    enabled: text !== "",
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
  return text === "" ? [] : (asked.data ?? []);
}

/** Volumes whose name or id has the text in it. */
export function useFoundVolumes(text: string): Volume[] {
  const asked = useQuery({
    queryKey: [...keys.volumes, "search", text],
    queryFn: () => searchVolumes(text, MOST),
    enabled: text !== "",
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
  return text === "" ? [] : (asked.data ?? []);
}

/** Nodes whose name, id or BMC's address has the text in it. */
export function useFoundNodes(text: string, enabled: boolean): Addressed[] {
  const list = nodeAddresses();
  const asked = useQuery({
    queryKey: list.queryKey,
    queryFn: () => readAll(list),
    enabled: enabled && text !== "",
    staleTime: FRESH_MS,
  });
  const wanted = text.toLowerCase();
  if (wanted === "") return [];
  const has = (one: Addressed) =>
    `${nameOf(one)} ${one.uuid} ${bmcOf(one.driver_info) ?? ""}`.toLowerCase().includes(wanted);
  return (asked.data ?? []).filter(has).slice(0, MOST);
}

/** Names are asked for by a regular expression, so a person's dots and brackets are quoted. */
export function criterion(text: string): Record<string, string> {
  if (UUID.test(text)) return { uuid: text };
  const quoted = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return ADDRESS.test(text) ? { ip: quoted } : { name: quoted };
}

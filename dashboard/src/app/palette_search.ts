// What the palette finds: the cloud is asked for servers, of which there may be any number; nodes
// are looked through here, where their names are known after the first look.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { compute, take } from "../api/clients";
import { keys } from "../api/keys";
import type { Server } from "../api/models";
import { useList } from "../api/queries";
import { type NodeState, nodeStates } from "../overview/queries";

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

export function useFoundNodes(text: string, enabled: boolean): NodeState[] {
  const nodes = useList(nodeStates(), { enabled });
  const wanted = text.toLowerCase();
  if (wanted === "") return [];
  const has = (one: NodeState) => `${one.name ?? ""} ${one.uuid}`.toLowerCase().includes(wanted);
  return (nodes.data ?? []).filter(has).slice(0, MOST);
}

/** Names are asked for by a regular expression, so a person's dots and brackets are quoted. */
export function criterion(text: string): Record<string, string> {
  if (UUID.test(text)) return { uuid: text };
  const quoted = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return ADDRESS.test(text) ? { ip: quoted } : { name: quoted };
}

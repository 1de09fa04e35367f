// What the overview asks for: what may be used, and what is.
import { baremetal, compute, network, take } from "../api/clients";
import { keys } from "../api/keys";
import type { NetworkQuota, Node, Server } from "../api/models";
import { type ListSpec, type OneSpec, orNull, pageOf } from "../api/queries";

export type NodeState = Pick<Node, "uuid" | "name" | "provision_state">;

const STATE = "uuid,name,provision_state";

export function networkQuota(projectId: string): OneSpec<NetworkQuota> {
  return {
    queryKey: [...keys.networkQuota, projectId],
    queryFn: async () => {
      const path = { project_id: projectId };
      const asked = network.GET("/v2.0/quotas/{project_id}/details", { params: { path } });
      return (await take<{ quota: NetworkQuota }>(asked)).quota;
    },
  };
}

/** The newest servers of the project. */
export function newestServers(limit: number): ListSpec<Server> {
  return someServers("newest", { limit });
}

/** Servers that failed, the newest first. */
export function failedServers(limit: number): ListSpec<Server> {
  return someServers("failed", { limit, status: "ERROR" });
}

function someServers(word: string, query: Record<string, unknown>): ListSpec<Server> {
  return {
    queryKey: [...keys.servers, word],
    page: async () => {
      const asked = compute.GET("/servers/detail", { params: { query } });
      return { items: (await take<{ servers: Server[] }>(asked)).servers };
    },
  };
}

export function nodeStates(): ListSpec<NodeState> {
  return {
    queryKey: [...keys.nodes, "states"],
    row: { kind: "node", id: (one) => one.uuid, read: nodeState },
    page: async (marker, limit) => {
      const query = { limit, marker, fields: STATE } as never;
      const found = await take<{ nodes: NodeState[]; next?: string }>(
        baremetal.GET("/nodes", { params: { query } }),
      );
      return pageOf(found.nodes, found.next, (one) => one.uuid);
    },
  };
}

function nodeState(uuid: string): Promise<NodeState | null> {
  const params = { path: { node_ident: uuid }, query: { fields: STATE } } as never;
  return orNull(take<NodeState>(baremetal.GET("/nodes/{node_ident}", { params })));
}

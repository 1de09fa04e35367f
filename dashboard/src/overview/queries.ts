// What the overview asks for: what may be used, and what is.
import { baremetal, network, take } from "../api/clients";
import { keys } from "../api/keys";
import type { NetworkQuota, Node } from "../api/models";
import { type ListSpec, type OneSpec, PAGE, pageOf } from "../api/queries";

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

export function nodeList(): ListSpec<Node> {
  return {
    queryKey: [...keys.nodes, "list"],
    page: async (marker) => {
      const query = { limit: PAGE, marker } as never;
      const found = await take<{ nodes: Node[]; next?: string }>(
        baremetal.GET("/nodes", { params: { query } }),
      );
      return pageOf(found.nodes, found.next, (one) => one.uuid);
    },
  };
}

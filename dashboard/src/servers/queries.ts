// What pages about servers ask for.
import { compute, take, unkai } from "../api/clients";
import { keys } from "../api/keys";
import type {
  AbsoluteLimits,
  Capabilities,
  Flavor,
  InstanceAction,
  Keypair,
  PlacementDecision,
  Server,
} from "../api/models";
import { FIRST, type ListSpec, type OneSpec, orNull, pageOf } from "../api/queries";
import { getSession } from "../api/session";

export function serverList(): ListSpec<Server> {
  return {
    queryKey: [...keys.servers, "list"],
    first: FIRST,
    row: { kind: "server", id: (one) => one.id, read: ownServer },
    page: async (marker, limit) => {
      const query = { limit, marker };
      const found = await take<{ servers: Server[]; servers_links?: unknown }>(
        compute.GET("/servers/detail", { params: { query } }),
      );
      return pageOf(found.servers, found.servers_links, (one) => one.id);
    },
  };
}

/** null: it is gone, or of another project, whose servers an administrator may see. */
async function ownServer(id: string): Promise<Server | null> {
  const found = await orNull(serverOne(id).queryFn());
  return found?.tenant_id === getSession()?.project?.id ? found : null;
}

/** What servers are called, where nothing else of them is shown. */
export function serverNames(): ListSpec<Pick<Server, "id" | "name">> {
  return {
    queryKey: [...keys.servers, "names"],
    row: { kind: "server", id: (one) => one.id, read: ownServer },
    page: async (marker, limit) => {
      const query = { limit, marker };
      const found = await take<{ servers: Server[]; servers_links?: unknown }>(
        compute.GET("/servers", { params: { query } }),
      );
      return pageOf(found.servers, found.servers_links, (one) => one.id);
    },
  };
}

export function serverOne(id: string): OneSpec<Server> {
  return {
    queryKey: [...keys.servers, "one", id],
    queryFn: async () => {
      const path = { server_id: id };
      const asked = compute.GET("/servers/{server_id}", { params: { path } });
      return (await take<{ server: Server }>(asked)).server;
    },
  };
}

export function limits(): OneSpec<AbsoluteLimits> {
  return {
    queryKey: keys.limits,
    queryFn: async () => {
      const found = await take<{ limits: { absolute: AbsoluteLimits } }>(compute.GET("/limits"));
      return found.limits.absolute;
    },
  };
}

export function flavorList(): ListSpec<Flavor> {
  return {
    queryKey: [...keys.flavors, "list"],
    page: async (marker, limit) => {
      const query = { limit, marker } as never;
      const found = await take<{ flavors: Flavor[]; flavors_links?: unknown }>(
        compute.GET("/flavors/detail", { params: { query } }),
      );
      return pageOf(found.flavors, found.flavors_links, (one) => one.id);
    },
  };
}

export function keypairList(): ListSpec<Keypair> {
  return {
    queryKey: [...keys.keypairs, "list"],
    page: async () => {
      const found = await take<{ keypairs: { keypair: Keypair }[] }>(compute.GET("/os-keypairs"));
      return { items: found.keypairs.map((one) => one.keypair) };
    },
  };
}

export function placementOf(serverId: string): OneSpec<PlacementDecision[]> {
  return {
    queryKey: [...keys.placements, serverId],
    queryFn: async () => {
      const path = { server_id: serverId };
      const asked = unkai.GET("/servers/{server_id}/placement", { params: { path } });
      return (await take<{ placement: PlacementDecision[] }>(asked)).placement;
    },
  };
}

export function capabilitiesOf(serverId: string): OneSpec<Capabilities> {
  return {
    queryKey: [...keys.servers, "capabilities", serverId],
    queryFn: async () => {
      const path = { server_id: serverId };
      const asked = unkai.GET("/servers/{server_id}/capabilities", { params: { path } });
      return (await take<{ capabilities: Capabilities }>(asked)).capabilities;
    },
  };
}

export function actionsOf(serverId: string): ListSpec<InstanceAction> {
  return {
    queryKey: [...keys.servers, "actions", serverId],
    page: async () => {
      const path = { server_id: serverId };
      const asked = compute.GET("/servers/{server_id}/os-instance-actions", { params: { path } });
      return { items: (await take<{ instanceActions: InstanceAction[] }>(asked)).instanceActions };
    },
  };
}

/** The console's last lines; there is none before the first boot. */
export function consoleLogOf(serverId: string, lines: number): OneSpec<string> {
  return {
    queryKey: [...keys.servers, "log", serverId, lines],
    queryFn: async () => {
      const path = { server_id: serverId };
      const body = { "os-getConsoleOutput": { length: lines } };
      const asked = compute.POST("/servers/{server_id}/action", { params: { path }, body });
      return (await take<{ output: string }>(asked)).output;
    },
  };
}

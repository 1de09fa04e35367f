// What pages about physical machines ask for.
import { baremetal, done, take, unkai } from "../api/clients";
import { keys } from "../api/keys";
import { type ListSpec, FIRST, type OneSpec, orNull, pageOf } from "../api/queries";
import {
  type Addressed,
  type BiosSetting,
  type BootDevice,
  type Driver,
  type HistoryEntry,
  type Inventory,
  type MetalNode,
  type MetalPort,
  type NodeLog,
  type NodeRow,
  type Operation,
  type PortGroup,
  ROW_FIELDS,
  type Validation,
} from "./models";

const path = (uuid: string) => ({ params: { path: { node_ident: uuid } } });

export function nodeRows(): ListSpec<NodeRow> {
  return {
    queryKey: [...keys.nodes, "rows"],
    first: FIRST,
    row: { kind: "node", id: (one) => one.uuid, read: nodeRow },
    page: async (marker, limit) => {
      const query = { limit, marker, fields: ROW_FIELDS.join(","), sort_key: "name" } as never;
      const found = await take<{ nodes: NodeRow[]; next?: string }>(
        baremetal.GET("/nodes", { params: { query } }),
      );
      return pageOf(found.nodes, found.next, (one) => one.uuid);
    },
  };
}

/** Of every node what it is found by. */
export function nodeAddresses(): ListSpec<Addressed> {
  return {
    queryKey: [...keys.nodes, "addresses"],
    page: async (marker, limit) => {
      const fields = "uuid,name,provision_state,driver_info";
      const query = { limit, marker, fields } as never;
      const found = await take<{ nodes: Addressed[]; next?: string }>(
        baremetal.GET("/nodes", { params: { query } }),
      );
      return pageOf(found.nodes, found.next, (one) => one.uuid);
    },
  };
}

/** Of every node what flavors ask for it by. */
export function nodeClasses(): ListSpec<{ uuid: string; resource_class: string | null }> {
  return {
    queryKey: [...keys.nodes, "classes"],
    page: async (marker, limit) => {
      const query = { limit, marker, fields: "uuid,resource_class" } as never;
      const found = await take<{
        nodes: { uuid: string; resource_class: string | null }[];
        next?: string;
      }>(baremetal.GET("/nodes", { params: { query } }));
      return pageOf(found.nodes, found.next, (one) => one.uuid);
    },
  };
}

function nodeRow(uuid: string): Promise<NodeRow | null> {
  const query = { fields: ROW_FIELDS.join(",") } as never;
  const params = { ...path(uuid).params, query };
  return orNull(take<NodeRow>(baremetal.GET("/nodes/{node_ident}", { params })));
}

export function nodeOne(uuid: string): OneSpec<MetalNode> {
  return {
    queryKey: [...keys.nodes, "one", uuid],
    queryFn: () => take<MetalNode>(baremetal.GET("/nodes/{node_ident}", path(uuid))),
  };
}

export function portsOf(uuid: string): ListSpec<MetalPort> {
  return {
    queryKey: [...keys.nodes, "ports", uuid],
    page: async () => {
      const asked = baremetal.GET("/nodes/{node_ident}/ports/detail", path(uuid));
      return { items: (await take<{ ports: MetalPort[] }>(asked)).ports };
    },
  };
}

export function portGroupsOf(uuid: string): ListSpec<PortGroup> {
  return {
    queryKey: [...keys.nodes, "portgroups", uuid],
    page: async () => {
      const asked = baremetal.GET("/nodes/{node_ident}/portgroups/detail", path(uuid));
      return { items: (await take<{ portgroups: PortGroup[] }>(asked)).portgroups };
    },
  };
}

export function historyOf(uuid: string): ListSpec<HistoryEntry> {
  return {
    queryKey: [...keys.nodes, "history", uuid],
    page: async (marker, limit) => {
      const query = { detail: true, limit, marker } as never;
      const params = { path: { node_ident: uuid }, query };
      const found = await take<{ history: HistoryEntry[]; next?: string }>(
        baremetal.GET("/nodes/{node_ident}/history", { params }),
      );
      return pageOf(found.history, found.next, (one) => one.uuid);
    },
  };
}

/** null: it was never inspected. */
export function inventoryOf(uuid: string): OneSpec<Inventory | null> {
  return {
    queryKey: [...keys.nodes, "inventory", uuid],
    queryFn: () => orNull(take(baremetal.GET("/nodes/{node_ident}/inventory", path(uuid)))),
  };
}

export function biosOf(uuid: string): ListSpec<BiosSetting> {
  return {
    queryKey: [...keys.nodes, "bios", uuid],
    page: async () => {
      const asked = baremetal.GET("/nodes/{node_ident}/bios", path(uuid));
      return { items: (await take<{ bios: BiosSetting[] }>(asked)).bios };
    },
  };
}

export function bootDeviceOf(uuid: string): OneSpec<BootDevice> {
  return {
    queryKey: [...keys.nodes, "boot-device", uuid],
    queryFn: () => take(baremetal.GET("/nodes/{node_ident}/management/boot_device", path(uuid))),
  };
}

export function bootDevicesOf(uuid: string): OneSpec<string[]> {
  return {
    queryKey: [...keys.nodes, "boot-devices", uuid],
    queryFn: async () => {
      const asked = baremetal.GET(
        "/nodes/{node_ident}/management/boot_device/supported",
        path(uuid),
      );
      return (await take<{ supported_boot_devices: string[] }>(asked)).supported_boot_devices;
    },
  };
}

export function validationOf(uuid: string): OneSpec<Validation> {
  return {
    queryKey: [...keys.nodes, "validate", uuid],
    queryFn: () => take(baremetal.GET("/nodes/{node_ident}/validate", path(uuid))),
  };
}

export function driverList(): ListSpec<Driver> {
  return {
    queryKey: ["baremetal", "drivers"],
    page: async () => ({
      items: (await take<{ drivers: Driver[] }>(baremetal.GET("/drivers"))).drivers,
    }),
  };
}

export function logsOf(uuid: string): ListSpec<NodeLog> {
  return {
    queryKey: [...keys.nodes, "logs", uuid],
    page: async () => {
      const asked = unkai.GET("/nodes/{node_ident}/logs", path(uuid));
      return { items: (await take<{ logs: NodeLog[] }>(asked)).logs };
    },
  };
}

export function logOf(uuid: string, name: string): OneSpec<string> {
  return {
    queryKey: [...keys.nodes, "log", uuid, name],
    queryFn: async () => {
      const params = { path: { node_ident: uuid, log_name: name } };
      return take<string>(
        unkai.GET("/nodes/{node_ident}/logs/{log_name}", { params, parseAs: "text" }),
      );
    },
  };
}

export function enableConsole(uuid: string, enabled: boolean): Promise<void> {
  return done(
    baremetal.PUT("/nodes/{node_ident}/states/console", { ...path(uuid), body: { enabled } }),
  );
}

export function patchNode(uuid: string, changes: Operation[]): Promise<MetalNode> {
  return take(baremetal.PATCH("/nodes/{node_ident}", { ...path(uuid), body: changes as never }));
}

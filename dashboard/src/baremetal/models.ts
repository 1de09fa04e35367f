// Answers of the bare-metal API, as far as its pages read them; names are the API reference's own.

export interface NodeRow {
  uuid: string;
  name: string | null;
  driver: string;
  power_state: string | null;
  target_power_state: string | null;
  provision_state: string;
  target_provision_state: string | null;
  provision_updated_at: string | null;
  maintenance: boolean;
  maintenance_reason: string | null;
  health: string | null;
  fault: string | null;
  instance_uuid: string | null;
  instance_name: string | null;
  resource_class: string | null;
  chassis_uuid: string | null;
  shard: string | null;
  conductor_group: string;
  owner: string | null;
  lessee: string | null;
  last_error: string | null;
  retired: boolean;
  protected: boolean;
}

/** Whether a server could be put on it now. */
export function isFree(node: NodeRow): boolean {
  return node.provision_state === "available" && node.instance_uuid === null && !node.maintenance;
}

/** What a list asks for, so that ten thousand nodes are not sent with all they have. */
export const ROW_FIELDS: (keyof NodeRow)[] = [
  "uuid",
  "name",
  "driver",
  "power_state",
  "target_power_state",
  "provision_state",
  "target_provision_state",
  "provision_updated_at",
  "maintenance",
  "maintenance_reason",
  "health",
  "fault",
  "instance_uuid",
  "instance_name",
  "resource_class",
  "chassis_uuid",
  "shard",
  "conductor_group",
  "owner",
  "lessee",
  "last_error",
  "retired",
  "protected",
];

export type Info = Record<string, unknown>;

export interface MetalNode extends NodeRow {
  driver_info: Info;
  driver_internal_info: Info;
  instance_info: Info;
  properties: Info;
  extra: Info;
  traits: string[];
  description: string | null;
  automated_clean: boolean | null;
  console_enabled: boolean;
  created_at: string;
  updated_at: string | null;
  inspection_started_at: string | null;
  inspection_finished_at: string | null;
  reservation: string | null;
  conductor: string;
  boot_mode: string | null;
  secure_boot: boolean | null;
  raid_config: Info;
  target_raid_config: Info;
  clean_step: Info;
  deploy_step: Info;
  service_step: Info;
  protected_reason: string | null;
  retired_reason: string | null;
  [field: `${string}_interface`]: string | null;
}

export interface MetalPort {
  uuid: string;
  address: string;
  name: string | null;
  pxe_enabled: boolean;
  physical_network: string | null;
  portgroup_uuid: string | null;
  local_link_connection: Info;
  internal_info: Info;
}

export interface PortGroup {
  uuid: string;
  address: string | null;
  name: string | null;
  mode: string;
  standalone_ports_supported: boolean;
  properties: Info;
}

export interface HistoryEntry {
  uuid: string;
  created_at: string;
  severity: string;
  event: string;
  event_type: string;
  user: string | null;
  state: string | null;
}

export interface BiosSetting {
  name: string;
  value: string | null;
}

export interface Driver {
  name: string;
  properties: string;
  [key: string]: unknown;
}

export type Validation = Record<string, { result: boolean | null; reason?: string }>;

export interface BootDevice {
  boot_device: string | null;
  persistent: boolean | null;
}

export interface NodeLog {
  name: string;
  size_bytes: number;
  changed_at: string;
}

export interface FoundNic {
  name?: string;
  mac_address?: string;
  ipv4_address?: string | null;
  has_carrier?: boolean | null;
  speed_mbps?: number | null;
  vendor?: string | null;
  product?: string | null;
}

export interface FoundDisk {
  name?: string;
  model?: string | null;
  size?: number;
  rotational?: boolean | null;
  serial?: string | null;
  wwn?: string | null;
}

export interface Inventory {
  inventory: {
    cpu?: { count?: number; model_name?: string; architecture?: string; frequency?: string };
    memory?: { physical_mb?: number; total?: number };
    disks?: FoundDisk[];
    interfaces?: FoundNic[];
    boot?: { current_boot_mode?: string; pxe_interface?: string };
    system_vendor?: { manufacturer?: string; product_name?: string; serial_number?: string };
    bmc_address?: string;
    hostname?: string;
  };
  plugin_data: { parsed_lldp?: Record<string, Record<string, string>> } & Info;
}

export interface Operation {
  op: "add" | "remove" | "replace";
  path: string;
  value?: unknown;
}

export type Addressed = Pick<MetalNode, "uuid" | "name" | "provision_state" | "driver_info">;

/** Where a node's BMC is, whichever driver speaks to it; null where there is none. */
export function bmcOf(info: Info): string | null {
  const found = Object.entries(info).find(([key]) => key.endsWith("_address"));
  return typeof found?.[1] === "string" ? found[1] : null;
}

export function nameOf(node: { name: string | null; uuid: string }): string {
  return node.name ?? node.uuid;
}

// Answers of the APIs, as far as pages read them; names are the API references' own.

export interface Address {
  addr: string;
  version: 4 | 6;
  "OS-EXT-IPS:type"?: "fixed" | "floating";
  "OS-EXT-IPS-MAC:mac_addr"?: string;
}

export interface EmbeddedFlavor {
  original_name: string;
  vcpus: number;
  ram: number;
  disk: number;
  ephemeral: number;
  swap: number;
  extra_specs: Record<string, string>;
}

export interface Server {
  id: string;
  name: string;
  status: string;
  tenant_id: string;
  user_id: string;
  metadata: Record<string, string>;
  image: { id: string } | "";
  flavor: EmbeddedFlavor;
  created: string;
  updated: string;
  addresses: Record<string, Address[]>;
  description: string | null;
  locked: boolean;
  locked_reason: string | null;
  tags?: string[];
  key_name: string | null;
  config_drive: string;
  security_groups?: { name: string }[];
  fault?: { code: number; message: string; created: string; details?: string };
  "OS-EXT-STS:task_state": string | null;
  "OS-EXT-STS:vm_state": string;
  "OS-EXT-STS:power_state": number;
  "OS-EXT-AZ:availability_zone": string;
  "OS-SRV-USG:launched_at": string | null;
  "OS-EXT-SRV-ATTR:host"?: string | null;
}

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  ram: number;
  disk: number;
  swap: number;
  "OS-FLV-EXT-DATA:ephemeral": number;
  "OS-FLV-DISABLED:disabled": boolean;
  "os-flavor-access:is_public": boolean;
  description: string | null;
  extra_specs: Record<string, string>;
}

export interface Image {
  id: string;
  name: string | null;
  status: string;
  visibility: "public" | "private" | "shared" | "community";
  disk_format: string | null;
  container_format: string | null;
  size: number | null;
  virtual_size: number | null;
  min_disk: number;
  min_ram: number;
  owner: string;
  protected: boolean;
  os_hidden: boolean;
  created_at: string;
  updated_at: string;
  checksum: string | null;
  os_hash_algo: string | null;
  os_hash_value: string | null;
  tags: string[];
  os_distro?: string;
}

export interface Network {
  id: string;
  name: string;
  status: string;
  admin_state_up: boolean;
  shared: boolean;
  "router:external": boolean;
  subnets: string[];
  project_id: string;
  mtu: number;
}

export interface Subnet {
  id: string;
  name: string;
  network_id: string;
  cidr: string;
  ip_version: 4 | 6;
  gateway_ip: string | null;
  enable_dhcp: boolean;
}

export interface Port {
  id: string;
  name: string;
  status: string;
  network_id: string;
  mac_address: string;
  fixed_ips: { subnet_id: string; ip_address: string }[];
  device_id: string;
  device_owner: string;
  security_groups: string[];
  admin_state_up: boolean;
}

export interface FloatingIp {
  id: string;
  floating_ip_address: string;
  fixed_ip_address: string | null;
  floating_network_id: string;
  port_id: string | null;
  router_id: string | null;
  status: string;
  description: string;
}

export interface SecurityGroup {
  id: string;
  name: string;
  description: string;
  project_id: string;
}

export interface Keypair {
  name: string;
  type: string;
  fingerprint: string;
  public_key: string;
}

export interface InstanceAction {
  action: string;
  request_id: string;
  start_time: string;
  updated_at: string;
  message: string | null;
  user_id: string | null;
  instance_uuid: string;
}

export interface HostVerdict {
  host: string;
  taken: boolean;
  reason: string;
  score: number | null;
}

export interface PlacementDecision {
  made_at: string;
  request: Record<string, unknown>;
  chosen: string | null;
  hosts: HostVerdict[];
}

export interface Capabilities {
  runs_on: "guest" | "node";
  actions: Record<string, { can: boolean; reason: string | null }>;
}

export interface AbsoluteLimits {
  maxTotalInstances: number;
  totalInstancesUsed: number;
  maxTotalCores: number;
  totalCoresUsed: number;
  maxTotalRAMSize: number;
  totalRAMUsed: number;
}

export type NetworkQuota = Record<string, { used: number; limit: number; reserved: number }>;

export interface Node {
  uuid: string;
  name: string | null;
  power_state: string | null;
  provision_state: string;
  maintenance: boolean;
  resource_class: string | null;
  instance_uuid: string | null;
}

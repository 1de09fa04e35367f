// Answers of the network API, as far as its own pages read them.
import type { FloatingIp, Network, Port, SecurityGroup, Subnet } from "../api/models";

export interface NetworkFull extends Network {
  description: string;
  tags: string[];
  port_security_enabled: boolean;
  created_at: string;
  "provider:network_type"?: string;
  "provider:physical_network"?: string | null;
  "provider:segmentation_id"?: number | null;
}

export interface SubnetFull extends Subnet {
  description: string;
  project_id: string;
  dns_nameservers: string[];
  allocation_pools: { start: string; end: string }[];
  host_routes: { destination: string; nexthop: string }[];
}

export interface AddressPair {
  ip_address: string;
  mac_address?: string;
}

export interface PortFull extends Port {
  description: string;
  project_id: string;
  port_security_enabled: boolean;
  allowed_address_pairs: AddressPair[];
  created_at: string;
  tags: string[];
  "binding:host_id"?: string;
  "binding:vnic_type"?: string;
}

export interface Gateway {
  network_id: string;
  enable_snat: boolean;
  external_fixed_ips: { subnet_id: string; ip_address: string }[];
}

export interface Router {
  id: string;
  name: string;
  description: string;
  status: string;
  admin_state_up: boolean;
  project_id: string;
  external_gateway_info: Gateway | null;
  routes: { destination: string; nexthop: string }[];
  created_at: string;
}

export interface FloatingIpFull extends FloatingIp {
  project_id: string;
  port_details: { name: string; device_id: string; device_owner: string } | null;
}

export interface Rule {
  id: string;
  security_group_id: string;
  direction: "ingress" | "egress";
  ethertype: "IPv4" | "IPv6";
  protocol: string | null;
  port_range_min: number | null;
  port_range_max: number | null;
  remote_ip_prefix: string | null;
  remote_group_id: string | null;
  description: string;
}

export interface SecurityGroupFull extends SecurityGroup {
  security_group_rules: Rule[];
  created_at: string;
}

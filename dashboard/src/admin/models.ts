// Answers that only administrators' pages read.

export interface FlavorCapacity {
  id: string;
  runs_on: "guest" | "node" | "either";
  fits: number;
  free_nodes: number;
}

export interface Hypervisor {
  id: string;
  hypervisor_hostname: string;
  hypervisor_type: string;
  state: "up" | "down";
  status: "enabled" | "disabled";
}

export interface HypervisorDetail extends Hypervisor {
  hypervisor_version: number;
  uptime: string | null;
  service: { disabled_reason: string | null };
  servers?: { uuid: string; name: string }[];
}

export interface Stock {
  total: number;
  used: number;
}

/** What a host has and what of it is given away; absent where placement does not know it. */
export interface HostStock {
  VCPU?: Stock;
  MEMORY_MB?: Stock;
  DISK_GB?: Stock;
}

export interface ComputeService {
  id: string;
  binary: string;
  host: string;
  zone: string;
  status: "enabled" | "disabled";
  state: "up" | "down";
  updated_at: string | null;
  disabled_reason: string | null;
}

export interface Operation {
  id: string;
  kind: string;
  subject: string;
  state: string;
  step: string | null;
  blocker: string | null;
  error: string | null;
  attempts: number;
  created_at: string;
  updated_at: string;
}

export interface Leftover {
  where: string;
  kind: string;
  id: string;
  problem: string;
}

export interface Audit {
  leftovers: Leftover[];
  looked_at: string[];
}

export type QuotaSet = Record<string, { limit: number; in_use: number }>;

export interface Aggregate {
  id: number;
  name: string;
  availability_zone: string | null;
  hosts: string[];
  metadata: Record<string, string>;
  created_at: string;
  updated_at: string | null;
}

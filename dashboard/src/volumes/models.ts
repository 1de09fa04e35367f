// Answers of the Block Storage API, as far as pages read them. Sizes are GiB.

export interface VolumeAttachment {
  server_id: string | null;
  attachment_id: string;
  attached_at: string | null;
  host_name: string | null;
  device: string | null;
}

export interface Volume {
  id: string;
  name: string | null;
  description: string | null;
  size: number;
  status: string;
  availability_zone: string;
  bootable: "true" | "false";
  encrypted: boolean;
  multiattach: boolean;
  metadata: Record<string, string>;
  volume_type: string | null;
  volume_type_id: string | null;
  snapshot_id: string | null;
  source_volid: string | null;
  group_id?: string | null;
  attachments: VolumeAttachment[];
  volume_image_metadata?: Record<string, string>;
  created_at: string;
  updated_at: string | null;
  "os-vol-tenant-attr:tenant_id"?: string;
  "os-vol-host-attr:host"?: string | null;
  /** Only administrators are told. */
  migration_status?: string | null;
}

export interface Snapshot {
  id: string;
  name: string | null;
  description: string | null;
  volume_id: string;
  status: string;
  size: number;
  metadata: Record<string, string>;
  created_at: string;
  "os-extended-snapshot-attributes:project_id"?: string;
}

export interface Backup {
  id: string;
  name: string | null;
  description: string | null;
  volume_id: string;
  snapshot_id: string | null;
  status: string;
  size: number;
  fail_reason: string | null;
  is_incremental: boolean;
  has_dependent_backups: boolean;
  data_timestamp: string;
  created_at: string;
}

export interface VolumeType {
  id: string;
  name: string;
  description: string | null;
  is_public: boolean;
  extra_specs: Record<string, string>;
  /** Only administrators are told. */
  qos_specs_id?: string | null;
}

/** Empty where the type's volumes are not encrypted. */
export interface Encryption {
  encryption_id?: string;
  provider?: string;
  cipher?: string | null;
  key_size?: number | null;
  control_location?: string;
}

export interface QosSpecs {
  id: string;
  name: string;
  consumer: string;
  specs: Record<string, string>;
}

/** Volumes that are frozen and copied together. */
export interface VolumeGroup {
  id: string;
  name: string;
  description: string | null;
  status: string;
  group_type: string;
  /** Types that its volumes may have, by id. */
  volume_types: string[];
  volumes: string[];
  created_at: string;
}

export interface GroupSnapshot {
  id: string;
  name: string;
  description: string | null;
  status: string;
  group_id: string;
  created_at: string;
}

export interface GroupType {
  id: string;
  name: string;
  description: string | null;
  is_public: boolean;
  /** Only administrators are told. */
  group_specs?: Record<string, string>;
}

/** What lies in a backend and is no volume of the cloud's; `of` is a kept snapshot's volume. */
export interface Manageable {
  reference: { "source-name": string };
  source_reference?: { "source-id": string };
  size: number;
}

export interface Transfer {
  id: string;
  volume_id: string;
  name: string | null;
  created_at: string;
}

export interface Message {
  id: string;
  user_message: string;
  message_level: string;
  request_id: string;
  created_at: string;
}

export interface VolumeLimits {
  maxTotalVolumes: number;
  totalVolumesUsed: number;
  maxTotalVolumeGigabytes: number;
  totalGigabytesUsed: number;
  maxTotalSnapshots: number;
  totalSnapshotsUsed: number;
  maxTotalBackups: number;
  totalBackupsUsed: number;
}

export interface VolumeService {
  binary: string;
  host: string;
  zone: string;
  status: "enabled" | "disabled";
  state: "up" | "down";
  updated_at: string | null;
  disabled_reason: string | null;
}

// What is asked of the volume service besides its lists, and what pages of other areas ask it for.
import { compute, take, volume } from "../api/clients";
import { keys } from "../api/keys";
import { type ListSpec, type OneSpec, PAGE, pageOf } from "../api/queries";
import type {
  Encryption,
  Manageable,
  Message,
  QosSpecs,
  Transfer,
  Volume,
  VolumeLimits,
  VolumeService,
  VolumeType,
} from "./models";
import {
  GROUP_SNAPSHOT,
  GROUP_TYPE,
  SNAPSHOT,
  VOLUME,
  VOLUME_GROUP,
  VOLUME_TYPE,
  listOf,
} from "./things";

export const volumeList = () => listOf(VOLUME);

export const snapshotList = () => listOf(SNAPSHOT);

/** The types that the project may choose from. */
export const typeList = () => listOf(VOLUME_TYPE);

/** Every type, those of single projects too. */
export function allTypes(): ListSpec<VolumeType> {
  return {
    queryKey: [...keys.volumeTypes, "every"],
    page: async (marker) => {
      const params = { query: { limit: PAGE, marker, is_public: "none" } } as never;
      const found = await take<{ volume_types: VolumeType[]; volume_types_links?: unknown }>(
        volume.GET("/types", { params }),
      );
      return pageOf(found.volume_types, found.volume_types_links, (one) => one.id);
    },
  };
}

export function defaultType(): OneSpec<VolumeType> {
  return {
    queryKey: [...keys.volumeTypes, "default"],
    queryFn: async () =>
      (await take<{ volume_type: VolumeType }>(volume.GET("/types/default"))).volume_type,
  };
}

/** Projects that may use a type which is not for all. */
export function typeAccess(typeId: string): ListSpec<{ project_id: string }> {
  return {
    queryKey: [...keys.volumeTypes, "access", typeId],
    page: async () => {
      const params = { path: { volume_type_id: typeId } };
      const asked = volume.GET("/types/{volume_type_id}/os-volume-type-access", { params });
      const found = await take<{ volume_type_access: { project_id: string }[] }>(asked);
      return { items: found.volume_type_access };
    },
  };
}

export function encryptionOf(typeId: string): OneSpec<Encryption> {
  return {
    queryKey: [...keys.volumeTypes, "encryption", typeId],
    queryFn: () => {
      const params = { path: { volume_type_id: typeId } };
      return take<Encryption>(volume.GET("/types/{volume_type_id}/encryption", { params }));
    },
  };
}

export function qosList(): ListSpec<QosSpecs> {
  return {
    queryKey: [...keys.volumeTypes, "qos"],
    page: async () => ({
      items: (await take<{ qos_specs: QosSpecs[] }>(volume.GET("/qos-specs"))).qos_specs,
    }),
  };
}

export const groupList = () => listOf(VOLUME_GROUP, { list_volume: "true" });

export const groupSnapshotList = () => listOf(GROUP_SNAPSHOT);

export const groupTypeList = () => listOf(GROUP_TYPE);

/** What lies in a service's backend without being a volume. */
export function manageableVolumes(host: string): ListSpec<Manageable> {
  return {
    queryKey: [...keys.volumes, "manageable", host],
    page: async () => {
      const params = { query: { host } } as never;
      const asked = volume.GET("/manageable_volumes/detail", { params });
      const found = await take<{ "manageable-volumes": Manageable[] }>(asked);
      return { items: found["manageable-volumes"] };
    },
  };
}

export function manageableSnapshots(host: string): ListSpec<Manageable> {
  return {
    queryKey: [...keys.snapshots, "manageable", host],
    page: async () => {
      const params = { query: { host } } as never;
      const asked = volume.GET("/manageable_snapshots/detail", { params });
      const found = await take<{ "manageable-snapshots": Manageable[] }>(asked);
      return { items: found["manageable-snapshots"] };
    },
  };
}

/** Where volumes can lie: `host@backend#pool`. */
export function poolList(): ListSpec<string> {
  return {
    queryKey: [...keys.volumeServices, "pools"],
    page: async () => {
      const asked = volume.GET("/scheduler-stats/get_pools");
      const found = await take<{ pools: { name: string }[] }>(asked);
      return { items: found.pools.map((one) => one.name) };
    },
  };
}

/** Offers of volumes to other projects. */
export function transferList(): ListSpec<Transfer> {
  return {
    queryKey: [...keys.transfers, "list"],
    page: async () => {
      const asked = volume.GET("/volume-transfers/detail");
      return { items: (await take<{ transfers: Transfer[] }>(asked)).transfers };
    },
  };
}

/** What the cloud says of work on a thing that failed after its answer, the newest first. */
export function messagesOf(id: string): ListSpec<Message> {
  return {
    queryKey: [...keys.volumes, "messages", id],
    page: async () => {
      const params = { query: { resource_uuid: id } } as never;
      const found = await take<{ messages: Message[] }>(volume.GET("/messages", { params }));
      return { items: found.messages };
    },
  };
}

export function volumeLimits(): OneSpec<VolumeLimits> {
  return {
    queryKey: keys.volumeLimits,
    queryFn: async () =>
      (await take<{ limits: { absolute: VolumeLimits } }>(volume.GET("/limits"))).limits.absolute,
  };
}

export function zoneList(): ListSpec<string> {
  return {
    queryKey: ["volume", "zones"],
    page: async () => {
      const found = await take<{ availabilityZoneInfo: { zoneName: string }[] }>(
        volume.GET("/os-availability-zone"),
      );
      return { items: found.availabilityZoneInfo.map((one) => one.zoneName) };
    },
  };
}

export type VolumeQuota = Record<string, { limit: number; in_use: number }>;

export function volumeQuota(projectId: string): OneSpec<VolumeQuota> {
  return {
    queryKey: [...keys.volumeLimits, "quota", projectId],
    queryFn: async () => {
      const path = { target_project_id: projectId };
      const params = { path, query: { usage: true } } as never;
      const asked = volume.GET("/os-quota-sets/{target_project_id}", { params });
      return (await take<{ quota_set: VolumeQuota }>(asked)).quota_set;
    },
  };
}

export function volumeServices(): ListSpec<VolumeService> {
  return {
    queryKey: [...keys.volumeServices, "list"],
    page: async () => ({
      items: (await take<{ services: VolumeService[] }>(volume.GET("/os-services"))).services,
    }),
  };
}

/** A server's volumes, as compute knows them. */
export interface ServerVolume {
  volumeId: string;
  device: string | null;
  tag: string | null;
  delete_on_termination: boolean;
}

export function serverVolumes(serverId: string): ListSpec<ServerVolume> {
  return {
    queryKey: [...keys.serverVolumes, serverId],
    page: async () => {
      const params = { path: { server_id: serverId } };
      const asked = compute.GET("/servers/{server_id}/os-volume_attachments", { params });
      const found = await take<{ volumeAttachments: ServerVolume[] }>(asked);
      return { items: found.volumeAttachments };
    },
  };
}

/** Volumes whose name or id has the text in it. */
export async function searchVolumes(text: string, limit: number): Promise<Volume[]> {
  const byName = { "name~": text, limit } as Record<string, unknown>;
  const params = { query: UUID.test(text) ? { id: text } : byName } as never;
  return (await take<{ volumes: Volume[] }>(volume.GET("/volumes/detail", { params }))).volumes;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

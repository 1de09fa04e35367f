// The Block Storage API speaks of its things in one way; this says it once.
import type { QueryKey } from "@tanstack/react-query";
import { done, take, volume } from "../api/clients";
import { keys } from "../api/keys";
import { FIRST, type ListSpec, type OneSpec, type RowSpec, orNull, pageOf } from "../api/queries";
import { getSession } from "../api/session";
import type {
  Backup,
  GroupSnapshot,
  GroupType,
  Snapshot,
  Volume,
  VolumeGroup,
  VolumeType,
} from "./models";

type Noun =
  "volume" | "snapshot" | "backup" | "volume_type" | "group" | "group_snapshot" | "group_type";

/** A kind of thing: its name in bodies and events, its place in paths, what a change makes stale. */
export interface Kind<T, One extends Noun = Noun> {
  one: One;
  path:
    "volumes" | "snapshots" | "backups" | "types" | "groups" | "group_snapshots" | "group_types";
  queryKey: QueryKey;
  stale: QueryKey[];
  /** Never set: ties the kind to its shape. */
  shape?: T;
}

export const VOLUME: Kind<Volume, "volume"> = {
  one: "volume",
  path: "volumes",
  queryKey: keys.volumes,
  stale: [keys.volumes, keys.serverVolumes, keys.transfers, keys.volumeLimits],
};
export const SNAPSHOT: Kind<Snapshot, "snapshot"> = {
  one: "snapshot",
  path: "snapshots",
  queryKey: keys.snapshots,
  stale: [keys.snapshots, keys.volumes, keys.volumeLimits],
};
export const BACKUP: Kind<Backup, "backup"> = {
  one: "backup",
  path: "backups",
  queryKey: keys.backups,
  stale: [keys.backups, keys.volumes, keys.volumeLimits],
};
export const VOLUME_TYPE: Kind<VolumeType> = {
  one: "volume_type",
  path: "types",
  queryKey: keys.volumeTypes,
  stale: [keys.volumeTypes],
};

export const VOLUME_GROUP: Kind<VolumeGroup, "group"> = {
  one: "group",
  path: "groups",
  queryKey: keys.volumeGroups,
  stale: [keys.volumeGroups, keys.volumes],
};
export const GROUP_SNAPSHOT: Kind<GroupSnapshot, "group_snapshot"> = {
  one: "group_snapshot",
  path: "group_snapshots",
  queryKey: keys.groupSnapshots,
  stale: [keys.groupSnapshots, keys.snapshots],
};
export const GROUP_TYPE: Kind<GroupType, "group_type"> = {
  one: "group_type",
  path: "group_types",
  queryKey: keys.groupTypes,
  stale: [keys.groupTypes],
};

function all<T>(what: Kind<T>): "/volumes" {
  return `/${what.path}` as "/volumes";
}

/** Types tell everything in their plain list. */
function whole<T>(what: Kind<T>): "/volumes/detail" {
  const plain = what.path.endsWith("types");
  return (plain ? `/${what.path}` : `/${what.path}/detail`) as "/volumes/detail";
}

function each<T>(what: Kind<T>): "/volumes/{volume_id}" {
  return `/${what.path}/{volume_id}` as "/volumes/{volume_id}";
}

/**
 * Those whose events are about one row each. A backup says whether others rest on it, so that an
 * event of one is about several; groups have none.
 */
const BY_ROW = new Set<Noun>(["volume", "snapshot", "volume_type"]);

export function listOf<T extends { id: string }>(
  what: Kind<T>,
  filter: Record<string, string> = {},
): ListSpec<T> {
  return {
    queryKey: [...what.queryKey, "all", filter],
    first: FIRST,
    row: BY_ROW.has(what.one) && Object.keys(filter).length === 0 ? rowOf(what) : undefined,
    page: async (marker, limit) => {
      const params = { query: { limit, marker, ...filter } } as never;
      const found = await take<Record<string, unknown>>(volume.GET(whole(what), { params }));
      const many = `${what.one}s`;
      return pageOf(found[many] as T[], found[`${many}_links`], (one) => one.id);
    },
  };
}

function rowOf<T extends { id: string }>(what: Kind<T>): RowSpec<T> {
  const read = async (id: string) => {
    const found = await orNull(oneOf(what, id).queryFn());
    return found && isOwn(found) ? found : null;
  };
  return { kind: what.one, id: (one) => one.id, read };
}

const OWNERS = [
  "os-vol-tenant-attr:tenant_id",
  "os-extended-snapshot-attributes:project_id",
  "os-backup-project-attr:project_id",
];

/** Administrators may see what is of other projects, which lists do not have. */
function isOwn(thing: object): boolean {
  const project = getSession()?.project?.id;
  const fields = thing as Record<string, unknown>;
  return OWNERS.every((one) => fields[one] === undefined || fields[one] === project);
}

export function oneOf<T>(what: Kind<T>, id: string): OneSpec<T> {
  return {
    queryKey: [...what.queryKey, "one", id],
    queryFn: async () => {
      const params = { path: { volume_id: id } };
      return (await take<Record<string, T>>(volume.GET(each(what), { params })))[what.one] as T;
    },
  };
}

type Body = Record<string, unknown>;

export async function create<T>(what: Kind<T>, body: Body): Promise<T> {
  const asked = volume.POST(all(what), { body: { [what.one]: body } as never });
  return (await take<Record<string, T>>(asked))[what.one] as T;
}

export function update<T>(what: Kind<T>, id: string, body: Body): Promise<void> {
  const params = { path: { volume_id: id } };
  return done(volume.PUT(each(what), { params, body: { [what.one]: body } as never }));
}

export function remove<T>(what: Kind<T>, id: string, query: Body = {}): Promise<void> {
  const params = { path: { volume_id: id }, query } as never;
  return done(volume.DELETE(each(what), { params }));
}

/** `POST .../action`, for what the API calls by a verb. */
export function act<T>(what: Kind<T>, id: string, verb: string, body: unknown = {}): Promise<void> {
  const params = { path: { volume_id: id } };
  const path = `${each(what)}/action` as "/volumes/{volume_id}/action";
  return done(volume.POST(path, { params, body: { [verb]: body } as never }));
}

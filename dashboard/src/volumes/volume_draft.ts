// What the form of a new volume holds, the request it becomes, and the command. Pure.
import { openstack } from "../parts/shell_words";

export type Source = "blank" | "image" | "snapshot" | "volume" | "backup";

export interface VolumeDraft {
  name: string;
  description: string;
  source: Source;
  /** Of the image, snapshot, volume or backup. */
  sourceId: string | null;
  /** GiB; null: as large as its source. */
  size: number | null;
  type: string | null;
  zone: string | null;
}

export const FRESH: VolumeDraft = {
  name: "",
  description: "",
  source: "blank",
  sourceId: null,
  size: 1,
  type: null,
  zone: null,
};

const FIELDS = {
  image: "imageRef",
  snapshot: "snapshot_id",
  volume: "source_volid",
  backup: "backup_id",
} as const;

export function isWhole(draft: VolumeDraft): boolean {
  const sized = draft.size !== null && draft.size >= 1;
  return draft.source === "blank" ? sized : draft.sourceId !== null && sized;
}

export function bodyOf(draft: VolumeDraft): Record<string, unknown> {
  const { name, description, source, sourceId, size, type, zone } = draft;
  return {
    size,
    ...(name.trim() && { name: name.trim() }),
    ...(description.trim() && { description: description.trim() }),
    ...(source !== "blank" && { [FIELDS[source]]: sourceId }),
    ...(type && { volume_type: type }),
    ...(zone && { availability_zone: zone }),
  };
}

export function commandOf(draft: VolumeDraft): string {
  const { name, description, source, sourceId, size, type, zone } = draft;
  const option = source === "volume" ? "source" : source;
  return openstack(
    ...["volume", "create", "--size", size ?? "GIB"],
    ...(source === "blank" ? [] : [`--${option}`, sourceId ?? source.toUpperCase()]),
    ...(type ? ["--type", type] : []),
    ...(zone ? ["--availability-zone", zone] : []),
    ...(description.trim() ? ["--description", description.trim()] : []),
    name.trim() || "NAME",
  );
}

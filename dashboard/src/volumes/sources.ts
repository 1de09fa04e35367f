// What a volume can be made of, and how large it must be for it.
import { useList } from "../api/queries";
import { imageList } from "../images/queries";
import { label, useAll } from "./hooks";
import { BACKUP, SNAPSHOT, VOLUME } from "./things";
import type { Source } from "./volume_draft";

const GIB = 2 ** 30;

export interface Original {
  id: string;
  label: string;
  /** GiB. */
  least: number;
}

/** Things of that kind that can be copied now; only what is asked about is asked for. */
export function useSources(source: Source): Original[] {
  const images = useList(imageList(), { enabled: source === "image" }).data ?? [];
  const snapshots = useAll(SNAPSHOT, {}, { enabled: source === "snapshot" }).data ?? [];
  const volumes = useAll(VOLUME, {}, { enabled: source === "volume" }).data ?? [];
  const backups = useAll(BACKUP, {}, { enabled: source === "backup" }).data ?? [];
  const sized = (one: { id: string; name: string | null; size: number }): Original => ({
    id: one.id,
    label: `${label(one)} (${one.size} GiB)`,
    least: one.size,
  });
  const ready = (one: { status: string }) => one.status === "available";
  switch (source) {
    case "image":
      return images
        .filter((one) => one.status === "active" && !one.os_hidden)
        .map((one) => ({
          id: one.id,
          label: label(one),
          least: Math.max(1, one.min_disk, Math.ceil((one.virtual_size ?? one.size ?? 0) / GIB)),
        }));
    case "snapshot":
      return snapshots.filter(ready).map(sized);
    case "volume":
      return volumes.filter((one) => ready(one) || one.status === "in-use").map(sized);
    case "backup":
      return backups.filter(ready).map(sized);
    case "blank":
      return [];
  }
}

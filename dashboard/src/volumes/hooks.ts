import { useTranslation } from "react-i18next";
import { type Asking, useList } from "../api/queries";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { serverNames } from "../servers/queries";
import type { Snapshot, Volume } from "./models";
import { BACKUP, type Kind, SNAPSHOT, VOLUME, listOf, remove } from "./things";

export function useAll<T extends { id: string }>(
  what: Kind<T>,
  filter?: Record<string, string>,
  options?: Asking,
) {
  return useList(listOf(what, filter), options);
}

export const label = (one: { id: string; name: string | null }): string =>
  one.name || one.id.slice(0, 8);

/** What a command calls it: its name, which others may have too, or its id. */
export const word = (one: { id: string; name: string | null }): string => one.name || one.id;

/** What servers are called, by their ids. */
export function useServerNames(): Map<string, string> {
  const found = useList(serverNames()).data ?? [];
  return new Map(found.map((one) => [one.id, one.name]));
}

export function useVolumeNames(): Map<string, string> {
  const found = useAll(VOLUME).data ?? [];
  return new Map(found.map((one) => [one.id, label(one)]));
}

const CLI_WORDS = {
  volume: ["volume"],
  snapshot: ["volume", "snapshot"],
  backup: ["volume", "backup"],
  volume_type: ["volume", "type"],
  group: ["--os-volume-api-version", "3.14", "volume", "group"],
  group_snapshot: ["--os-volume-api-version", "3.14", "volume", "group", "snapshot"],
  group_type: ["--os-volume-api-version", "3.11", "volume", "group", "type"],
} as const;

export function cliWords(what: Kind<unknown>): readonly string[] {
  return CLI_WORDS[what.one];
}

const DELETABLE = ["available", "error"];

export function isDeletable(one: Volume | Snapshot): boolean {
  return DELETABLE.includes(one.status) || one.status.startsWith("error_");
}

/** Asks about volumes and deletes them, on request with their snapshots. */
export function useVolumeRemoval() {
  const { t } = useTranslation("volumes");
  return useRemoval<Volume>({
    name: label,
    cli: (one) => openstack("volume", "delete", one.id),
    remove: (one, chosen) => remove(VOLUME, one.id, chosen ? { cascade: true } : {}),
    about: t("removeAbout.volume"),
    option: t("remove.cascade"),
    stale: [...VOLUME.stale, ...SNAPSHOT.stale],
  });
}

export function useSnapshotRemoval() {
  const { t } = useTranslation("volumes");
  return useRemoval<Snapshot>({
    name: label,
    cli: (one) => openstack("volume", "snapshot", "delete", one.id),
    remove: (one) => remove(SNAPSHOT, one.id),
    about: t("removeAbout.snapshot"),
    stale: SNAPSHOT.stale,
  });
}

export function useBackupRemoval() {
  const { t } = useTranslation("volumes");
  return useRemoval<{ id: string; name: string | null }>({
    name: label,
    cli: (one) => openstack("volume", "backup", "delete", one.id),
    remove: (one) => remove(BACKUP, one.id),
    about: t("removeAbout.backup"),
    stale: BACKUP.stale,
  });
}

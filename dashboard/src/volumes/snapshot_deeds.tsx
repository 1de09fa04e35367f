// What can be done to a snapshot, and to a backup.
import {
  IconArchive,
  IconArrowBackUp,
  IconDatabaseExport,
  IconDatabasePlus,
  IconListDetails,
  IconPencil,
  IconRestore,
  IconTool,
} from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { isAdmin, useSession } from "../api/session";
import { confirm } from "../parts/confirm";
import { openForm } from "../parts/form";
import type { Deed } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { StateForm } from "./ChangeForms";
import { BackupForm, RestoreForm } from "./CopyForms";
import { NamedEdit } from "./EditForm";
import { useUnmanage } from "./ManageForms";
import { MetadataForm } from "./MetadataForm";
import { VolumeForm } from "./VolumeForm";
import { label, useVolumeNames } from "./hooks";
import type { Backup, Snapshot } from "./models";
import { BACKUP, type Kind, SNAPSHOT, VOLUME, act } from "./things";

/** What both have: its words, and its state as an administrator says it is. */
function useCommonDeeds() {
  const { t } = useTranslation("volumes");
  const admin = isAdmin(useSession());
  return <T extends Snapshot | Backup>(what: Kind<T, "snapshot" | "backup">, thing: T): Deed[] => {
    const name = label(thing);
    const edit: Deed = {
      label: t("edit"),
      icon: IconPencil,
      start: () =>
        openForm(t("edit.of", { name }), (close) => (
          <NamedEdit what={what} thing={thing} close={close} />
        )),
    };
    const reset: Deed = {
      label: t("reset"),
      icon: IconTool,
      start: () =>
        openForm(t("reset.of", { name }), (close) => (
          <StateForm what={what} thing={thing} close={close} />
        )),
    };
    return admin ? [edit, reset] : [edit];
  };
}

export function useSnapshotDeeds() {
  const { t } = useTranslation("volumes");
  const admin = isAdmin(useSession());
  const common = useCommonDeeds();
  const revert = useRevert();
  const unmanage = useUnmanage();
  return (snapshot: Snapshot): Deed[] => {
    const name = label(snapshot);
    const ready = snapshot.status === "available";
    const given = { source: "snapshot" as const, sourceId: snapshot.id, size: snapshot.size };
    const deeds: Deed[] = [
      {
        label: t("volume.create"),
        icon: IconDatabasePlus,
        disabled: !ready,
        start: () =>
          openForm(
            t("volume.from", { name }),
            (close) => <VolumeForm given={given} close={close} />,
            true,
          ),
      },
      {
        label: t("backup.create"),
        icon: IconArchive,
        disabled: !ready,
        start: () =>
          openForm(t("backup.of", { name }), (close) => (
            <BackupForm snapshot={snapshot} close={close} />
          )),
      },
      ...common(SNAPSHOT, snapshot),
      {
        label: t("metadata"),
        icon: IconListDetails,
        start: () =>
          openForm(t("metadata.of", { name }), (close) => (
            <MetadataForm what={SNAPSHOT} thing={snapshot} close={close} />
          )),
      },
    ];
    if (admin)
      deeds.push({
        label: t("unmanage"),
        icon: IconDatabaseExport,
        disabled: !ready,
        start: () => unmanage(SNAPSHOT, snapshot),
      });
    deeds.push({
      label: t("revert"),
      icon: IconArrowBackUp,
      danger: true,
      disabled: !ready,
      start: () => revert(snapshot),
    });
    return deeds;
  };
}

/** Asks, and makes the volume what it was at the snapshot. */
function useRevert() {
  const { t } = useTranslation("volumes");
  const client = useQueryClient();
  const names = useVolumeNames();
  return (snapshot: Snapshot) => {
    const volume = names.get(snapshot.volume_id) ?? snapshot.volume_id;
    confirm({
      title: t("revert.ask", { volume, name: label(snapshot) }),
      text: t("revert.about"),
      verb: t("revert"),
      danger: true,
      cli: openstack("--os-volume-api-version", "3.40", "volume", "revert", snapshot.id),
      work: async () => {
        await act(VOLUME, snapshot.volume_id, "revert", { snapshot_id: snapshot.id });
        await Promise.all(VOLUME.stale.map((queryKey) => client.invalidateQueries({ queryKey })));
      },
      done: t("asked", { verb: t("revert"), name: volume }),
    });
  };
}

export function useBackupDeeds() {
  const { t } = useTranslation("volumes");
  const common = useCommonDeeds();
  return (backup: Backup): Deed[] => [
    {
      label: t("restore"),
      icon: IconRestore,
      disabled: backup.status !== "available",
      start: () =>
        openForm(t("restore.of", { name: label(backup) }), (close) => (
          <RestoreForm backup={backup} close={close} />
        )),
    },
    ...common(BACKUP, backup),
  ];
}

// Backups of volumes, kept apart from them: whole ones, and those that tell only what differs.
import { useViewportSize } from "@mantine/hooks";
import { IconArchive } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { NewButton } from "../parts/buttons";
import { textColumn, timeColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { Page } from "../parts/Page";
import type { Column } from "../parts/ResourceTable";
import { ThingTable } from "../parts/ThingTable";
import { BackupForm } from "./CopyForms";
import { sizeColumn, statusColumn, volumeColumn } from "./columns";
import { label, useAll, useBackupRemoval, useVolumeNames } from "./hooks";
import type { Backup } from "./models";
import { useBackupDeeds } from "./snapshot_deeds";
import { BACKUP } from "./things";

const DELETABLE = ["available", "error"];

export function BackupsPage() {
  const { t } = useTranslation("volumes");
  const found = useAll(BACKUP);
  const remove = useBackupRemoval();
  const deeds = useBackupDeeds();
  const create = (
    <NewButton label={t("backup.create")} form={(close) => <BackupForm close={close} />} />
  );
  return (
    <Page title={t("backups")} about={t("backups.about")} actions={create}>
      <ThingTable
        label={t("backups")}
        found={found}
        columns={useColumns()}
        name={label}
        state={(one) => one.status}
        searchMore={(one) => `${one.description ?? ""} ${one.fail_reason ?? ""}`}
        sortBy="name"
        deeds={deeds}
        remove={remove}
        removable={(one) => DELETABLE.includes(one.status) && !one.has_dependent_backups}
        empty={
          <Empty
            icon={IconArchive}
            title={t("backups.empty")}
            text={t("backups.emptyText")}
            action={create}
          />
        }
      />
    </Page>
  );
}

function useColumns(): Column<Backup>[] {
  const { t } = useTranslation("volumes");
  const names = useVolumeNames();
  const narrow = useViewportSize().width < 640;
  return [
    textColumn({ key: "name", header: t("name"), text: label, strong: true }),
    statusColumn(t("status"), narrow),
    textColumn({
      key: "kind",
      header: t("backup.kind"),
      width: "13%",
      from: 900,
      text: (one) => t(one.is_incremental ? "backup.partial" : "backup.full"),
    }),
    sizeColumn(t("size")),
    volumeColumn(t("volume"), names),
    timeColumn({
      key: "taken",
      header: t("backup.taken"),
      width: "14%",
      from: 1000,
      at: (one) => one.data_timestamp,
    }),
  ];
}

// Snapshots of volumes: moments to go back to, or to make new volumes of.
import { Button } from "@mantine/core";
import { useViewportSize } from "@mantine/hooks";
import { IconCamera, IconDatabaseImport } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isAdmin, useSession } from "../api/session";
import { textColumn, timeColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { ButtonLink } from "../parts/links";
import { Page } from "../parts/Page";
import type { Column } from "../parts/ResourceTable";
import { ThingTable } from "../parts/ThingTable";
import { ManageSnapshot } from "./ManageForms";
import { sizeColumn, statusColumn, volumeColumn } from "./columns";
import { isDeletable, label, useAll, useSnapshotRemoval, useVolumeNames } from "./hooks";
import type { Snapshot } from "./models";
import { useSnapshotDeeds } from "./snapshot_deeds";
import { SNAPSHOT } from "./things";

export function SnapshotsPage() {
  const { t } = useTranslation("volumes");
  const navigate = useNavigate();
  const found = useAll(SNAPSHOT);
  const remove = useSnapshotRemoval();
  const deeds = useSnapshotDeeds();
  const admin = isAdmin(useSession());
  const manage = admin && (
    <Button
      variant="default"
      leftSection={<IconDatabaseImport size={16} aria-hidden />}
      onClick={() => openForm(t("manage.snapshot"), (close) => <ManageSnapshot close={close} />)}
    >
      {t("manage.snapshot")}
    </Button>
  );
  return (
    <Page title={t("snapshots")} about={t("snapshots.about")} actions={manage}>
      <ThingTable
        label={t("snapshots")}
        found={found}
        columns={useColumns()}
        name={label}
        state={(one) => one.status}
        searchMore={(one) => one.description ?? ""}
        sortBy="name"
        open={(one) =>
          void navigate({ to: "/volumes/$volumeId", params: { volumeId: one.volume_id } })
        }
        deeds={deeds}
        remove={remove}
        removable={isDeletable}
        empty={
          <Empty
            icon={IconCamera}
            title={t("snapshots.empty")}
            text={t("snapshots.emptyText")}
            action={<ButtonLink to="/volumes">{t("toVolumes")}</ButtonLink>}
          />
        }
      />
    </Page>
  );
}

function useColumns(): Column<Snapshot>[] {
  const { t } = useTranslation("volumes");
  const names = useVolumeNames();
  const narrow = useViewportSize().width < 640;
  return [
    textColumn({ key: "name", header: t("name"), text: label, strong: true }),
    statusColumn(t("status"), narrow),
    sizeColumn(t("size")),
    volumeColumn(t("volume"), names),
    timeColumn({
      key: "created",
      header: t("created"),
      width: "16%",
      from: 900,
      at: (one) => one.created_at,
    }),
  ];
}

// All volumes of the project.
import { Button, Text } from "@mantine/core";
import { useViewportSize } from "@mantine/hooks";
import { IconDatabase, IconDatabaseImport, IconTransferIn } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isAdmin, useSession } from "../api/session";
import { NewButton } from "../parts/buttons";
import { textColumn, timeColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import type { Column } from "../parts/ResourceTable";
import { ThingTable } from "../parts/ThingTable";
import { ManageVolume } from "./ManageForms";
import { AcceptForm } from "./TransferForms";
import { VolumeForm } from "./VolumeForm";
import { sizeColumn, statusColumn } from "./columns";
import { useVolumeDeeds } from "./deeds";
import { isDeletable, label, useAll, useServerNames, useVolumeRemoval } from "./hooks";
import type { Volume } from "./models";
import { VOLUME } from "./things";

export function VolumesPage() {
  const { t } = useTranslation("volumes");
  const navigate = useNavigate();
  const found = useAll(VOLUME);
  const remove = useVolumeRemoval();
  const deeds = useVolumeDeeds();
  const create = (
    <NewButton label={t("volume.create")} form={(close) => <VolumeForm close={close} />} wide />
  );
  const admin = isAdmin(useSession());
  const manage = admin && (
    <Button
      variant="default"
      leftSection={<IconDatabaseImport size={16} aria-hidden />}
      onClick={() => openForm(t("manage.volume"), (close) => <ManageVolume close={close} />)}
    >
      {t("manage.volume")}
    </Button>
  );
  const accept = (
    <Button
      variant="default"
      leftSection={<IconTransferIn size={16} aria-hidden />}
      onClick={() => openForm(t("transfer.accept"), (close) => <AcceptForm close={close} />)}
    >
      {t("transfer.accept")}
    </Button>
  );
  return (
    <Page
      title={t("volumes")}
      about={t("volumes.about")}
      actions={
        <>
          {manage}
          {accept}
          {create}
        </>
      }
    >
      <ThingTable
        label={t("volumes")}
        found={found}
        columns={useColumns()}
        name={label}
        state={(one) => one.status}
        searchMore={(one) => `${one.description ?? ""} ${Object.values(one.metadata).join(" ")}`}
        sortBy="name"
        open={(one) => void navigate({ to: "/volumes/$volumeId", params: { volumeId: one.id } })}
        deeds={deeds}
        remove={remove}
        removable={isDeletable}
        empty={
          <Empty
            icon={IconDatabase}
            title={t("volumes.empty")}
            text={t("volumes.emptyText")}
            action={create}
          />
        }
      />
    </Page>
  );
}

function useColumns(): Column<Volume>[] {
  const { t } = useTranslation("volumes");
  const names = useServerNames();
  const narrow = useViewportSize().width < 640;
  const users = (one: Volume) =>
    one.attachments.map((each) => names.get(each.server_id ?? "") ?? each.host_name ?? "");
  return [
    {
      key: "name",
      header: t("name"),
      value: label,
      cell: (one) => (
        <TextLink to="/volumes/$volumeId" params={{ volumeId: one.id }} fw={550} title={label(one)}>
          {label(one)}
        </TextLink>
      ),
    },
    statusColumn(t("status"), narrow),
    sizeColumn(t("size")),
    textColumn({
      key: "type",
      header: t("type"),
      width: "15%",
      from: 900,
      text: (one) => one.volume_type,
    }),
    {
      key: "attached",
      header: t("attachedTo"),
      width: "20%",
      from: 700,
      value: (one) => users(one).join(" "),
      cell: (one) => <Attached volume={one} names={names} />,
    },
    timeColumn({
      key: "created",
      header: t("created"),
      width: "13%",
      from: 1000,
      at: (one) => one.created_at,
    }),
  ];
}

function Attached({ volume, names }: { volume: Volume; names: Map<string, string> }) {
  if (volume.attachments.length === 0) return <>–</>;
  return (
    <Text size="sm" truncate>
      {volume.attachments.map((one, index) => {
        const id = one.server_id ?? "";
        return (
          <span key={one.attachment_id}>
            {index > 0 && ", "}
            {names.has(id) ? (
              <TextLink to="/servers/$serverId" params={{ serverId: id }}>
                {names.get(id)}
              </TextLink>
            ) : (
              (one.host_name ?? id.slice(0, 8))
            )}{" "}
            <Text span size="xs" c="dimmed" ff="monospace">
              {one.device}
            </Text>
          </span>
        );
      })}
    </Text>
  );
}

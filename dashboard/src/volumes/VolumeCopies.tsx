// What was made of a volume, on its page: snapshots and backups, each with its menu.
import { Table, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NewButton } from "../parts/buttons";
import { Panel } from "../parts/Panel";
import { type Deed, RowMenu } from "../parts/RowMenu";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { BackupForm, SnapshotForm } from "./CopyForms";
import { isDeletable, label, useAll, useBackupRemoval, useSnapshotRemoval } from "./hooks";
import type { Backup, Snapshot, Volume } from "./models";
import { useBackupDeeds, useSnapshotDeeds } from "./snapshot_deeds";
import { BACKUP, SNAPSHOT } from "./things";

interface Props {
  volume: Volume;
}

interface CopiesProps<T> {
  title: string;
  none: string;
  rows: T[] | undefined;
  deeds: (one: T) => Deed[];
  action: ReactNode;
  mark?: (one: T) => string;
}

function Copies<T extends Snapshot | Backup>(props: CopiesProps<T>) {
  const { t } = useTranslation("parts");
  const { title, none, rows, deeds, action, mark } = props;
  return (
    <Panel title={title} actions={action} flush>
      {!rows || rows.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {none}
        </Text>
      ) : (
        <Table aria-label={title} horizontalSpacing="md" verticalSpacing={6} fz="sm">
          <Table.Tbody>
            {rows.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>
                  {label(one)}
                  {mark && (
                    <Text span size="xs" c="dimmed">
                      {` ${mark(one)}`}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <StateBadge state={one.status} />
                </Table.Td>
                <Table.Td visibleFrom="xs">
                  <When at={one.created_at} />
                </Table.Td>
                <Table.Td w={52} align="right">
                  <RowMenu label={t("actionsOf", { name: label(one) })} deeds={deeds(one)} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

const RESTING = ["available", "in-use"];

export function Snapshots({ volume }: Props) {
  const { t } = useTranslation(["volumes", "parts"]);
  const rows = useAll(SNAPSHOT, { volume_id: volume.id }).data;
  const deeds = useSnapshotDeeds();
  const remove = useSnapshotRemoval();
  const all = (one: Snapshot) => [
    ...deeds(one),
    {
      label: t("parts:remove.verb"),
      icon: IconTrash,
      danger: true,
      disabled: !isDeletable(one),
      start: () => remove([one]),
    },
  ];
  return (
    <Copies
      title={t("snapshots")}
      none={t("snapshots.none")}
      rows={rows}
      deeds={all}
      action={
        RESTING.includes(volume.status) && (
          <NewButton
            label={t("snapshot.create")}
            title={t("snapshot.of", { name: label(volume) })}
            form={(close) => <SnapshotForm volume={volume} close={close} />}
            small
          />
        )
      }
    />
  );
}

export function Backups({ volume }: Props) {
  const { t } = useTranslation(["volumes", "parts"]);
  const rows = useAll(BACKUP, { volume_id: volume.id }).data;
  const deeds = useBackupDeeds();
  const remove = useBackupRemoval();
  const all = (one: Backup) => [
    ...deeds(one),
    {
      label: t("parts:remove.verb"),
      icon: IconTrash,
      danger: true,
      disabled: one.has_dependent_backups,
      start: () => remove([one]),
    },
  ];
  return (
    <Copies
      title={t("backups")}
      none={t("backups.none")}
      rows={rows}
      deeds={all}
      mark={(one) => t(one.is_incremental ? "backup.partial" : "backup.full")}
      action={
        RESTING.includes(volume.status) && (
          <NewButton
            label={t("backup.create")}
            title={t("backup.of", { name: label(volume) })}
            form={(close) => <BackupForm volume={volume} close={close} />}
            small
          />
        )
      }
    />
  );
}

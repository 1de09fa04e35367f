// Groups of volumes, which are frozen and copied together, and their snapshots.
import { Stack, Title } from "@mantine/core";
import { useViewportSize } from "@mantine/hooks";
import {
  IconBoxMultiple,
  IconCamera,
  IconCopy,
  IconDatabase,
  IconPencil,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { textColumn, timeColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import type { Column } from "../parts/ResourceTable";
import type { Deed } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { ThingTable } from "../parts/ThingTable";
import { NamedEdit } from "./EditForm";
import {
  GroupCopyForm,
  GroupForm,
  GroupSnapshotForm,
  GroupVolumesForm,
  removeGroup,
} from "./GroupForms";
import { statusColumn } from "./columns";
import { cliWords, label } from "./hooks";
import type { GroupSnapshot, VolumeGroup } from "./models";
import { groupList, groupSnapshotList, groupTypeList } from "./queries";
import { GROUP_SNAPSHOT, SNAPSHOT, VOLUME, VOLUME_GROUP, remove } from "./things";

/** No events tell of groups. */
const LOOK = { every: 3000 };
const DELETABLE = ["available", "error"];

export function GroupsPage() {
  const { t } = useTranslation("volumes");
  const create = (
    <NewButton label={t("group.create")} form={(close) => <GroupForm close={close} />} />
  );
  const groups = useList(groupList(), LOOK);
  return (
    <Page title={t("groups")} about={t("groups.about")} actions={create}>
      <Stack>
        <ThingTable
          label={t("groups")}
          found={groups}
          columns={useGroupColumns()}
          name={label}
          state={(one) => one.status}
          deeds={useGroupDeeds()}
          remove={useGroupRemoval()}
          removable={(one) => DELETABLE.includes(one.status)}
          empty={
            <Empty
              icon={IconBoxMultiple}
              title={t("groups.empty")}
              text={t("groups.emptyText")}
              action={create}
            />
          }
        />
        <Title order={2} size="h4">
          {t("groupSnapshots")}
        </Title>
        <Snapshots groups={groups.data ?? []} />
      </Stack>
    </Page>
  );
}

function useGroupRemoval() {
  const { t } = useTranslation("volumes");
  return useRemoval<VolumeGroup>({
    name: label,
    cli: (one) => openstack(...cliWords(VOLUME_GROUP), "delete", one.id),
    remove: removeGroup,
    about: t("removeAbout.group"),
    option: t("group.withVolumes"),
    stale: [...VOLUME_GROUP.stale, ...VOLUME.stale],
  });
}

function useGroupDeeds() {
  const { t } = useTranslation("volumes");
  return (group: VolumeGroup): Deed[] => {
    const name = label(group);
    const busy = group.status !== "available";
    return [
      {
        label: t("edit"),
        icon: IconPencil,
        start: () =>
          openForm(t("edit.of", { name }), (close) => (
            <NamedEdit what={VOLUME_GROUP} thing={group} close={close} />
          )),
      },
      {
        label: t("group.volumes"),
        icon: IconDatabase,
        disabled: busy,
        start: () =>
          openForm(t("group.volumesOf", { name }), (close) => (
            <GroupVolumesForm group={group} close={close} />
          )),
      },
      {
        label: t("snapshot.create"),
        icon: IconCamera,
        disabled: busy || group.volumes.length === 0,
        start: () =>
          openForm(t("snapshot.of", { name }), (close) => (
            <GroupSnapshotForm group={group} close={close} />
          )),
      },
      {
        label: t("clone"),
        icon: IconCopy,
        disabled: busy || group.volumes.length === 0,
        start: () =>
          openForm(t("clone.of", { name }), (close) => (
            <GroupCopyForm group={group} close={close} />
          )),
      },
    ];
  };
}

function useGroupColumns(): Column<VolumeGroup>[] {
  const { t } = useTranslation("volumes");
  const types = useList(groupTypeList()).data ?? [];
  const narrow = useViewportSize().width < 640;
  return [
    textColumn({ key: "name", header: t("name"), text: label, strong: true }),
    statusColumn(t("status"), narrow),
    textColumn({
      key: "type",
      header: t("group.type"),
      width: "20%",
      from: 900,
      text: (one) => types.find((each) => each.id === one.group_type)?.name ?? one.group_type,
    }),
    textColumn({
      key: "volumes",
      header: t("volumes"),
      width: "96px",
      from: 520,
      align: "right",
      text: (one) => String(one.volumes.length),
    }),
    timeColumn({
      key: "created",
      header: t("created"),
      width: "16%",
      from: 1000,
      at: (one) => one.created_at,
    }),
  ];
}

function Snapshots({ groups }: { groups: VolumeGroup[] }) {
  const { t } = useTranslation("volumes");
  const narrow = useViewportSize().width < 640;
  const found = useList(groupSnapshotList(), LOOK);
  const removal = useRemoval<GroupSnapshot>({
    name: label,
    cli: (one) => openstack(...cliWords(GROUP_SNAPSHOT), "delete", one.id),
    remove: (one) => remove(GROUP_SNAPSHOT, one.id),
    about: t("removeAbout.snapshot"),
    stale: [...GROUP_SNAPSHOT.stale, ...SNAPSHOT.stale],
  });
  const group = (one: GroupSnapshot) => groups.find((each) => each.id === one.group_id);
  return (
    <ThingTable
      label={t("groupSnapshots")}
      found={found}
      columns={[
        textColumn<GroupSnapshot>({ key: "name", header: t("name"), text: label, strong: true }),
        statusColumn<GroupSnapshot>(t("status"), narrow),
        textColumn<GroupSnapshot>({
          key: "group",
          header: t("group"),
          width: "24%",
          from: 700,
          text: (one) => label(group(one) ?? { id: one.group_id, name: null }),
        }),
        timeColumn<GroupSnapshot>({
          key: "created",
          header: t("created"),
          width: "16%",
          from: 900,
          at: (one) => one.created_at,
        }),
      ]}
      name={label}
      state={(one) => one.status}
      deeds={(one) => [
        {
          label: t("group.create"),
          icon: IconBoxMultiple,
          disabled: one.status !== "available",
          start: () =>
            openForm(t("group.from", { name: label(one) }), (close) => (
              <GroupCopyForm snapshot={one} close={close} />
            )),
        },
      ]}
      remove={removal}
      removable={(one) => DELETABLE.includes(one.status)}
      empty={
        <Empty
          icon={IconCamera}
          title={t("groupSnapshots.empty")}
          text={t("groupSnapshots.emptyText")}
        />
      }
    />
  );
}

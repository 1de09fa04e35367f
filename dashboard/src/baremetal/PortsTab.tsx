// The NICs of a node and the groups that bind them.
import { ActionIcon, Button, Group, Stack, Text } from "@mantine/core";
import { IconEdit, IconNetwork, IconPlus, IconTopologyBus, IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { baremetal, done } from "../api/clients";
import { keys } from "../api/keys";
import { useList } from "../api/queries";
import { confirm } from "../parts/confirm";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Panel } from "../parts/Panel";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { openstack } from "../parts/shell_words";
import { PortForm } from "./PortForm";
import { PortGroupForm } from "./PortGroupForm";
import { type MetalNode, type MetalPort, type PortGroup, nameOf } from "./models";
import { portGroupsOf, portsOf } from "./queries";

export function PortsTab({ node }: { node: MetalNode }) {
  return (
    <Stack>
      <Ports node={node} />
      <Groups node={node} />
    </Stack>
  );
}

function Ports({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const client = useQueryClient();
  const ports = useList(portsOf(node.uuid));
  const groups = useList(portGroupsOf(node.uuid));
  const form = (port?: MetalPort) =>
    openForm(t(port ? "ports.edit" : "ports.add"), (close) => (
      <PortForm node={node} port={port} groups={groups.data ?? []} close={close} />
    ));
  const remove = (port: MetalPort) =>
    confirm({
      title: t("ports.removeOf", { port: port.address }),
      text: t("ports.removeText"),
      verb: t("remove"),
      danger: true,
      cli: openstack("baremetal", "port", "delete", port.uuid),
      work: async () => {
        const path = { port_ident: port.uuid };
        await done(baremetal.DELETE("/ports/{port_ident}", { params: { path } }));
        await client.invalidateQueries({ queryKey: keys.nodes });
      },
    });
  const add = (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconPlus size={14} aria-hidden />}
      onClick={() => form()}
    >
      {t("ports.add")}
    </Button>
  );
  return (
    <Panel title={t("ports.title")} actions={add}>
      <ResourceTable
        label={t("ports.of", { node: nameOf(node) })}
        rows={ports.data}
        error={ports.error}
        columns={portColumns(t, groups.data ?? [])}
        id={(one) => one.uuid}
        name={(one) => one.address}
        open={form}
        actions={(one) => (
          <Tools name={one.address} edit={() => form(one)} remove={() => remove(one)} />
        )}
        empty={<Empty icon={IconNetwork} title={t("ports.none")} text={t("ports.noneText")} />}
      />
    </Panel>
  );
}

function Groups({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const client = useQueryClient();
  const groups = useList(portGroupsOf(node.uuid));
  const form = (group?: PortGroup) =>
    openForm(t(group ? "groups.edit" : "groups.add"), (close) => (
      <PortGroupForm node={node} group={group} close={close} />
    ));
  const remove = (group: PortGroup) =>
    confirm({
      title: t("groups.removeOf", { group: nameOf(group) }),
      text: t("groups.removeText"),
      verb: t("remove"),
      danger: true,
      cli: openstack("baremetal", "port", "group", "delete", nameOf(group)),
      work: async () => {
        const path = { portgroup_ident: group.uuid };
        await done(baremetal.DELETE("/portgroups/{portgroup_ident}", { params: { path } }));
        await client.invalidateQueries({ queryKey: keys.nodes });
      },
    });
  return (
    <Panel
      title={t("groups.title")}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form()}
        >
          {t("groups.add")}
        </Button>
      }
    >
      <ResourceTable
        label={t("groups.of", { node: nameOf(node) })}
        rows={groups.data}
        error={groups.error}
        columns={groupColumns(t)}
        id={(one) => one.uuid}
        name={nameOf}
        open={form}
        actions={(one) => (
          <Tools name={nameOf(one)} edit={() => form(one)} remove={() => remove(one)} />
        )}
        empty={
          <Empty icon={IconTopologyBus} title={t("groups.none")} text={t("groups.noneText")} />
        }
      />
    </Panel>
  );
}

function Tools({ name, edit, remove }: { name: string; edit: () => void; remove: () => void }) {
  const { t } = useTranslation("baremetal");
  return (
    <Group gap={0} wrap="nowrap">
      <ActionIcon
        size={24}
        variant="subtle"
        color="gray"
        onClick={edit}
        aria-label={t("editOf", { name })}
      >
        <IconEdit size={16} />
      </ActionIcon>
      <ActionIcon
        size={24}
        variant="subtle"
        color="gray"
        onClick={remove}
        aria-label={t("removeOf", { name })}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  );
}

function portColumns(t: TFunction<"baremetal">, groups: PortGroup[]): Column<MetalPort>[] {
  return [
    {
      key: "address",
      header: t("mac"),
      value: (one) => one.address,
      cell: (one) => (
        <Text size="sm" ff="monospace" truncate>
          {one.address}
        </Text>
      ),
    },
    {
      key: "pxe",
      header: "PXE",
      width: "14%",
      value: (one) => String(one.pxe_enabled),
      cell: (one) => <Text size="sm">{t(one.pxe_enabled ? "yes" : "no")}</Text>,
    },
    {
      key: "network",
      header: t("ports.physicalNetwork"),
      width: "20%",
      from: 760,
      value: (one) => one.physical_network,
      cell: (one) => <Text size="sm">{one.physical_network ?? "–"}</Text>,
    },
    {
      key: "switch",
      header: t("ports.switch"),
      width: "24%",
      from: 900,
      value: switchOf,
      cell: (one) => (
        <Text size="sm" truncate>
          {switchOf(one) || "–"}
        </Text>
      ),
    },
    {
      key: "group",
      header: t("ports.group"),
      width: "16%",
      from: 640,
      value: (one) => groupName(groups, one),
      cell: (one) => <Text size="sm">{groupName(groups, one) || "–"}</Text>,
    },
  ];
}

function switchOf(port: MetalPort): string {
  const { switch_info, switch_id, port_id } = port.local_link_connection;
  return [switch_info ?? switch_id, port_id].filter(Boolean).join(" · ");
}

function groupName(groups: PortGroup[], port: MetalPort): string {
  const found = groups.find((one) => one.uuid === port.portgroup_uuid);
  return found ? nameOf(found) : "";
}

function groupColumns(t: TFunction<"baremetal">): Column<PortGroup>[] {
  return [
    { key: "name", header: t("name"), value: nameOf, cell: nameOf },
    { key: "mode", header: t("groups.mode"), value: (one) => one.mode, cell: (one) => one.mode },
    {
      key: "address",
      header: t("mac"),
      from: 640,
      value: (one) => one.address,
      cell: (one) => one.address ?? "–",
    },
    {
      key: "alone",
      header: t("groups.alone"),
      from: 760,
      cell: (one) => t(one.standalone_ports_supported ? "yes" : "no"),
    },
  ];
}

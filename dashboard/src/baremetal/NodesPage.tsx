// All physical machines that one may see.
import { Group, Select, Text } from "@mantine/core";
import { useViewportSize } from "@mantine/hooks";
import { IconLayoutGrid, IconPlus, IconServerCog } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { isAdmin, useSession } from "../api/session";
import { Empty } from "../parts/Empty";
import { ButtonLink, TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { BulkActions } from "./BulkActions";
import { NodeMenu } from "./NodeMenu";
import { Health, MaintenanceMark, Power, Provision } from "./NodeStates";
import { type NodeRow, isFree, nameOf } from "./models";
import { nodeRows } from "./queries";

type Filter = "maintenance" | "unhealthy" | "off" | "free" | "occupied";

const FILTERS: Record<Filter, (node: NodeRow) => boolean> = {
  maintenance: (node) => node.maintenance,
  unhealthy: (node) => node.health !== null && node.health !== "OK",
  off: (node) => node.power_state !== "power on",
  free: isFree,
  occupied: (node) => node.instance_uuid !== null,
};

export function NodesPage() {
  const { t } = useTranslation("baremetal");
  const navigate = useNavigate();
  const narrow = useViewportSize().width < 640;
  const admin = isAdmin(useSession());
  const [filter, setFilter] = useState<Filter | null>(null);
  const nodes = useList(nodeRows());
  const rows = useMemo(
    () => (filter ? nodes.data?.filter(FILTERS[filter]) : nodes.data),
    [nodes.data, filter],
  );
  const enroll = admin && (
    <ButtonLink to="/nodes/enroll" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("enroll")}
    </ButtonLink>
  );
  const some = (nodes.data?.length ?? 0) > 0;
  return (
    <Page
      title={t("title")}
      about={t("about")}
      actions={
        <>
          <ButtonLink
            to="/nodes/rack"
            variant="default"
            leftSection={<IconLayoutGrid size={16} aria-hidden />}
          >
            {t("rack")}
          </ButtonLink>
          {enroll}
        </>
      }
    >
      <ResourceTable
        label={t("title")}
        rows={rows}
        error={nodes.error}
        again={() => void nodes.refetch()}
        columns={columnsOf(t, narrow)}
        id={(one) => one.uuid}
        name={nameOf}
        state={(one) => one.provision_state}
        searchMore={(one) =>
          [one.uuid, one.driver, one.shard, one.instance_name, one.last_error].join(" ")
        }
        sort={{ key: "name", down: false }}
        open={(one) => void navigate({ to: "/nodes/$nodeId", params: { nodeId: one.uuid } })}
        bulk={(chosen, clear) => <BulkActions nodes={chosen} clear={clear} />}
        actions={(one) => <NodeMenu node={one} />}
        tools={
          <Select
            size="xs"
            w={170}
            clearable
            value={filter}
            onChange={(value) => setFilter(value as Filter | null)}
            placeholder={t("filter.all")}
            aria-label={t("filter")}
            data={(Object.keys(FILTERS) as Filter[]).map((value) => ({
              value,
              label: `${t(`filter.${value}`)} (${nodes.data?.filter(FILTERS[value]).length ?? 0})`,
            }))}
          />
        }
        empty={
          some ? (
            <Empty
              icon={IconServerCog}
              title={t("noneOf", { filter: filter ? t(`filter.${filter}`) : "" })}
              action={
                <TextLink to="/nodes" onClick={() => setFilter(null)}>
                  {t("showAll")}
                </TextLink>
              }
            />
          ) : (
            <Empty
              icon={IconServerCog}
              title={t("empty")}
              text={t(admin ? "emptyText" : "emptyMine")}
              action={enroll}
            />
          )
        }
      />
    </Page>
  );
}

function columnsOf(t: TFunction<"baremetal">, narrow: boolean): Column<NodeRow>[] {
  return [
    {
      key: "name",
      header: t("name"),
      value: nameOf,
      cell: (one) => (
        <Group gap={6} wrap="nowrap">
          <TextLink to="/nodes/$nodeId" params={{ nodeId: one.uuid }} fw={550} truncate>
            {nameOf(one)}
          </TextLink>
          <MaintenanceMark node={one} />
        </Group>
      ),
    },
    {
      key: "provision",
      header: t("provision"),
      width: narrow ? "46%" : "22%",
      value: (one) => one.provision_state,
      cell: (one) => <Provision node={one} />,
    },
    {
      key: "power",
      header: t("power"),
      width: "14%",
      from: 640,
      value: (one) => one.power_state,
      cell: (one) => <Power node={one} />,
    },
    {
      key: "health",
      header: t("health"),
      width: "11%",
      from: 900,
      value: (one) => one.health,
      cell: (one) => <Health node={one} />,
    },
    {
      key: "class",
      header: t("resourceClass"),
      width: "14%",
      from: 1100,
      value: (one) => one.resource_class,
      cell: (one) => (
        <Text size="sm" truncate>
          {one.resource_class ?? "–"}
        </Text>
      ),
    },
    {
      key: "instance",
      header: t("instance"),
      width: "17%",
      from: 900,
      value: (one) => one.instance_name ?? one.instance_uuid,
      cell: (one) =>
        one.instance_uuid ? (
          <TextLink to="/servers/$serverId" params={{ serverId: one.instance_uuid }} truncate>
            {one.instance_name ?? one.instance_uuid}
          </TextLink>
        ) : (
          "–"
        ),
    },
  ];
}

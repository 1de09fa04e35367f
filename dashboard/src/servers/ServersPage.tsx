// All servers of the project, virtual and physical.
import { Text } from "@mantine/core";
import { useViewportSize } from "@mantine/hooks";
import { IconPlus, IconServer2 } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ButtonLink, TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { mib, parseTime } from "../parts/times";
import { BulkActions } from "./BulkActions";
import { ServerMenu } from "./ServerMenu";
import { serverList } from "./queries";
import { addressesOf, isMetal, mainAddress } from "./words";

export function ServersPage() {
  const { t } = useTranslation("servers");
  const navigate = useNavigate();
  const servers = useList(serverList());
  const launch = (
    <ButtonLink to="/servers/launch" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("launch")}
    </ButtonLink>
  );
  return (
    <Page title={t("title")} about={t("about")} actions={launch}>
      <ResourceTable
        label={t("title")}
        rows={servers.data}
        error={servers.error}
        again={() => void servers.refetch()}
        columns={useColumns()}
        id={(one) => one.id}
        name={(one) => one.name}
        state={(one) => one.status}
        searchMore={(one) =>
          `${one.id} ${addressesOf(one)
            .map((each) => each.addr)
            .join(" ")}`
        }
        sort={{ key: "created", down: true }}
        open={(one) => void navigate({ to: "/servers/$serverId", params: { serverId: one.id } })}
        bulk={(chosen, clear) => <BulkActions servers={chosen} clear={clear} />}
        actions={(one) => <ServerMenu server={one} />}
        empty={
          <Empty icon={IconServer2} title={t("empty")} text={t("emptyText")} action={launch} />
        }
      />
    </Page>
  );
}

function useColumns(): Column<Server>[] {
  const { t } = useTranslation("servers");
  const narrow = useViewportSize().width < 640;
  return [
    {
      key: "name",
      header: t("name"),
      value: (one) => one.name,
      cell: (one) => (
        <TextLink to="/servers/$serverId" params={{ serverId: one.id }} fw={550} title={one.name}>
          {one.name}
        </TextLink>
      ),
    },
    {
      key: "status",
      header: t("status"),
      width: narrow ? "42%" : "19%",
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} doing={one["OS-EXT-STS:task_state"]} />,
    },
    {
      key: "address",
      header: t("address"),
      width: "15%",
      from: 640,
      value: mainAddress,
      cell: (one) => (
        <Text size="sm" ff="monospace" truncate>
          {mainAddress(one) || "–"}
        </Text>
      ),
    },
    {
      key: "flavor",
      header: t("flavor"),
      width: "21%",
      from: 900,
      value: (one) => one.flavor.original_name,
      cell: (one) => (
        <Text size="sm" truncate>
          {one.flavor.original_name}{" "}
          <Text span size="xs" c="dimmed">
            {isMetal(one.flavor) ? t("metal") : `${one.flavor.vcpus} vCPU · ${mib(one.flavor.ram)}`}
          </Text>
        </Text>
      ),
    },
    {
      key: "created",
      header: t("created"),
      width: "13%",
      from: 760,
      value: (one) => parseTime(one.created),
      cell: (one) => <When at={one.created} />,
    },
  ];
}

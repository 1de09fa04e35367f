// One host of virtual machines: how full it is, what it did of late, and who lives there.
import { SimpleGrid, Skeleton, Stack } from "@mantine/core";
import { IconServer2, IconServerOff } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isGone } from "../api/errors";
import { useOne } from "../api/queries";
import { Graphs } from "../metrics/Graphs";
import { Copied } from "../parts/Copied";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Facts } from "../parts/Facts";
import { Gauge } from "../parts/Gauge";
import { ButtonLink, TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { StateBadge } from "../parts/StateBadge";
import { mib } from "../parts/times";
import type { HypervisorDetail } from "./models";
import { hypervisorOne, stockOf } from "./queries";

export function HypervisorPage() {
  const { t } = useTranslation("admin");
  const { hypervisorId } = useParams({ from: "/shell/admin/hypervisors/$hypervisorId" });
  const { data: host, error, refetch } = useOne(hypervisorOne(hypervisorId));
  const crumbs = [{ label: t("hypervisors"), to: "/admin/hypervisors" as const }];
  if (isGone(error))
    return (
      <Page title={t("hypervisor.notThere")} crumbs={crumbs}>
        <Empty
          icon={IconServerOff}
          title={t("hypervisor.notThere")}
          action={<ButtonLink to="/admin/hypervisors">{t("hypervisors")}</ButtonLink>}
        />
      </Page>
    );
  if (!host)
    return (
      <Page title={t("host")} crumbs={crumbs}>
        {error ? <ErrorAlert error={error} again={() => void refetch()} /> : <Skeleton h={300} />}
      </Page>
    );
  return (
    <Page
      title={host.hypervisor_hostname}
      crumbs={crumbs}
      mark={<StateBadge state={host.state} />}
      actions={
        <ButtonLink to="/admin/services" variant="default">
          {t("services")}
        </ButtonLink>
      }
    >
      <Stack>
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Capacity host={host} />
          <Panel title={t("hypervisor.facts")}>
            <Facts
              facts={[
                [t("status"), <StateBadge key="status" state={host.status} />],
                [t("reason"), host.service.disabled_reason],
                [t("hypervisor.type"), `${host.hypervisor_type} ${versionOf(host)}`],
                [t("hypervisor.uptime"), host.uptime],
                [t("hypervisor.id"), <Copied key="id" text={host.id} />],
              ]}
            />
          </Panel>
        </SimpleGrid>
        <Servers host={host} />
        <Graphs of={{ kind: "host", id: host.hypervisor_hostname }} />
        <ShowCli
          command={[
            openstack("hypervisor", "show", host.hypervisor_hostname),
            openstack("server", "list", "--all-projects", "--host", host.hypervisor_hostname),
            openstack("resource", "provider", "usage", "show", host.id),
          ]}
        />
      </Stack>
    </Page>
  );
}

/** 8002001 is 8.2.1. */
function versionOf({ hypervisor_version: version }: HypervisorDetail): string {
  if (!version) return "";
  const parts = [version / 1_000_000, (version / 1000) % 1000, version % 1000];
  return parts.map(Math.floor).join(".");
}

function Capacity({ host }: { host: HypervisorDetail }) {
  const { t } = useTranslation("admin");
  const { data, error } = useOne(stockOf(host.id));
  const rows = [
    ["vcpus", "VCPU", String],
    ["memory", "MEMORY_MB", mib],
    ["disk", "DISK_GB", (size: number) => `${size} GiB`],
  ] as const;
  return (
    <Panel title={t("hypervisor.capacity")}>
      {error ? (
        <ErrorAlert error={error} />
      ) : (
        <Stack>
          {rows.map(([label, name, words]) => (
            <Gauge
              key={name}
              label={t(label)}
              used={data?.[name]?.used}
              limit={data?.[name]?.total}
              words={words}
            />
          ))}
        </Stack>
      )}
    </Panel>
  );
}

type Guest = NonNullable<HypervisorDetail["servers"]>[number];

function Servers({ host }: { host: HypervisorDetail }) {
  const { t } = useTranslation("admin");
  const columns: Column<Guest>[] = [
    {
      key: "name",
      header: t("hypervisor.server"),
      value: (one) => one.name,
      cell: (one) => (
        <TextLink to="/servers/$serverId" params={{ serverId: one.uuid }} title={one.name}>
          {one.name}
        </TextLink>
      ),
    },
    {
      key: "id",
      header: t("hypervisor.id"),
      width: "55%",
      from: 640,
      value: (one) => one.uuid,
      cell: (one) => <Copied text={one.uuid} />,
    },
  ];
  return (
    <Panel title={t("hypervisor.servers")}>
      <ResourceTable
        label={t("hypervisor.servers")}
        rows={host.servers ?? []}
        columns={columns}
        id={(one) => one.uuid}
        name={(one) => one.name}
        searchMore={(one) => one.uuid}
        sort={{ key: "name", down: false }}
        empty={<Empty icon={IconServer2} title={t("hypervisor.noServers")} />}
      />
    </Panel>
  );
}

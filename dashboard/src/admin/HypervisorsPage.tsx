// Hosts of virtual machines, and how full each is.
import { Text } from "@mantine/core";
import { IconServer2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useList, useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { stateColumn } from "../parts/columns";
import { TextLink } from "../parts/links";
import { ThingTable } from "../parts/ThingTable";
import { Page } from "../parts/Page";
import { type Column } from "../parts/ResourceTable";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { mib } from "../parts/times";
import type { HostStock, Hypervisor, Stock } from "./models";
import { hypervisorList, stockOf } from "./queries";

export function HypervisorsPage() {
  const { t } = useTranslation("admin");
  const hosts = useList(hypervisorList());
  return (
    <Page title={t("hypervisors")} about={t("hypervisors.about")}>
      <ThingTable
        label={t("hypervisors")}
        found={hosts}
        columns={useColumns()}
        name={(one) => one.hypervisor_hostname}
        state={(one) => one.state}
        empty={<Empty icon={IconServer2} title={t("hypervisors.empty")} />}
      />
      <ShowCli
        command={[
          openstack("hypervisor", "list", "--long"),
          openstack("resource", "provider", "inventory", "list", "HOST_ID"),
        ]}
      />
    </Page>
  );
}

interface UsedProps {
  host: Hypervisor;
  name: keyof HostStock;
  words: (amount: number) => string;
}

/** Asked for by each row that is seen, so that a thousand hosts are not a thousand questions. */
function Used({ host, name, words }: UsedProps) {
  const { t } = useTranslation("admin");
  const stock = useOne(stockOf(host.id));
  const found: Stock | undefined = stock.data?.[name];
  return (
    <Text size="sm" truncate title={stock.error?.message}>
      {found ? t("used", { used: words(found.used), total: words(found.total) }) : "–"}
    </Text>
  );
}

function useColumns(): Column<Hypervisor>[] {
  const { t } = useTranslation("admin");
  return [
    {
      key: "host",
      header: t("host"),
      value: (one) => one.hypervisor_hostname,
      cell: (one) => (
        <TextLink
          to="/admin/hypervisors/$hypervisorId"
          params={{ hypervisorId: one.id }}
          title={one.hypervisor_hostname}
        >
          {one.hypervisor_hostname}
        </TextLink>
      ),
    },
    stateColumn({ key: "state", header: t("state"), width: "16%", state: (one) => one.state }),
    stateColumn({
      key: "status",
      header: t("status"),
      width: "14%",
      from: 1000,
      state: (one) => one.status,
    }),
    {
      key: "vcpus",
      header: t("vcpus"),
      width: "18%",
      cell: (one) => <Used host={one} name="VCPU" words={String} />,
    },
    {
      key: "memory",
      header: t("memory"),
      width: "22%",
      from: 640,
      cell: (one) => <Used host={one} name="MEMORY_MB" words={mib} />,
    },
    {
      key: "disk",
      header: t("disk"),
      width: "18%",
      from: 760,
      cell: (one) => <Used host={one} name="DISK_GB" words={(size) => `${size} GiB`} />,
    },
  ];
}

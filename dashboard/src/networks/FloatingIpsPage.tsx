// Addresses of the outside that lead to servers.
import { Text } from "@mantine/core";
import { IconLink, IconLinkOff, IconMapPin } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { NewButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { ThingTable } from "../parts/ThingTable";
import { Page } from "../parts/Page";
import type { Column } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { confirm } from "../parts/confirm";
import { openstack } from "../parts/shell_words";
import { Device } from "./Device";
import { AllocateForm, AssociateForm } from "./FloatingIpForms";
import { useAll, useDeviceNames, useNetworkNames, useThingRemoval } from "./hooks";
import type { FloatingIpFull } from "./models";
import { FLOATING_IP, update } from "./things";

const address = (one: FloatingIpFull): string => one.floating_ip_address;

export function FloatingIpsPage() {
  const { t } = useTranslation("networks");
  const found = useAll(FLOATING_IP);
  const remove = useThingRemoval(FLOATING_IP, "removeAbout.floatingIp", address);
  const columns = useColumns();
  const part = usePart();
  const allocate = (
    <NewButton label={t("fip.allocate")} form={(close) => <AllocateForm close={close} />} />
  );
  return (
    <Page title={t("floatingIps")} about={t("fip.about")} actions={allocate}>
      <ThingTable
        label={t("floatingIps")}
        found={found}
        columns={columns}
        name={address}
        state={(one) => one.status}
        searchMore={(one) => one.description}
        sortBy="address"
        remove={remove}
        deeds={(one) => [
          {
            label: t("fip.associate"),
            icon: IconLink,
            start: () =>
              openForm(t("fip.associateOf", { address: address(one) }), (close) => (
                <AssociateForm floatingIp={one} close={close} />
              )),
          },
          {
            label: t("fip.part"),
            icon: IconLinkOff,
            disabled: one.port_id === null,
            start: () => part(one),
          },
        ]}
        empty={
          <Empty
            icon={IconMapPin}
            title={t("fip.empty")}
            text={t("fip.emptyText")}
            action={allocate}
          />
        }
      />
    </Page>
  );
}

/** Asks, and then it leads nowhere. */
function usePart() {
  const { t } = useTranslation("networks");
  const client = useQueryClient();
  return (one: FloatingIpFull) =>
    confirm({
      title: t("fip.partAsk", { address: address(one) }),
      text: t("fip.partAbout"),
      verb: t("fip.part"),
      cli: openstack("floating", "ip", "unset", "--port", address(one)),
      work: async () => {
        await update(FLOATING_IP, one.id, { port_id: null });
        await Promise.all(
          FLOATING_IP.stale.map((queryKey) => client.invalidateQueries({ queryKey })),
        );
      },
      done: t("fip.parted", { address: address(one) }),
    });
}

function useColumns(): Column<FloatingIpFull>[] {
  const { t } = useTranslation("networks");
  const networks = useNetworkNames();
  const devices = useDeviceNames();
  const network = (one: FloatingIpFull) =>
    networks.get(one.floating_network_id) ?? one.floating_network_id.slice(0, 8);
  const device = (one: FloatingIpFull) =>
    devices.get(one.port_details?.device_id ?? "") ?? one.fixed_ip_address;
  return [
    {
      key: "address",
      header: t("fip.address"),
      value: address,
      cell: (one) => <Copied text={address(one)} />,
    },
    {
      key: "status",
      header: t("status"),
      width: "20%",
      from: 480,
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} />,
    },
    {
      key: "device",
      header: t("fip.leadsTo"),
      width: "34%",
      value: device,
      cell: (one) =>
        one.port_details ? (
          <>
            <Device port={one.port_details} names={devices} />{" "}
            <Text span size="xs" c="dimmed" ff="monospace">
              {one.fixed_ip_address}
            </Text>
          </>
        ) : (
          "–"
        ),
    },
    {
      key: "network",
      header: t("fip.from"),
      width: "20%",
      from: 760,
      value: network,
      cell: network,
    },
  ];
}

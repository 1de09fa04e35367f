// Ports as a table: of the project, of a network, of a router.
import { Button, Text } from "@mantine/core";
import { IconPlug, IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { ThingTable } from "../parts/ThingTable";
import { TextLink } from "../parts/links";
import type { Column } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { Device } from "./Device";
import { PortForm } from "./PortForm";
import { useAll, useDeviceNames, useNetworkNames, useThingRemoval } from "./hooks";
import type { PortFull } from "./models";
import { isRouterPort } from "./ports";
import { PORT } from "./things";

interface Props {
  filter?: Record<string, string>;
  /** Ports are of this network; its column is left out. */
  networkId?: string;
}

export function portName(port: PortFull): string {
  return port.name || port.fixed_ips[0]?.ip_address || port.id.slice(0, 8);
}

export function CreatePort({ networkId, small }: { networkId?: string; small?: boolean }) {
  const { t } = useTranslation("networks");
  return (
    <Button
      size={small ? "xs" : "sm"}
      variant={small ? "default" : "filled"}
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() =>
        openForm(t("port.create"), (close) => <PortForm networkId={networkId} close={close} />)
      }
    >
      {t("port.create")}
    </Button>
  );
}

export function PortList({ filter, networkId }: Props) {
  const { t } = useTranslation("networks");
  const navigate = useNavigate();
  const found = useAll(PORT, filter);
  const remove = useThingRemoval(PORT, "removeAbout.port", portName);
  const columns = useColumns().filter((one) => !networkId || one.key !== "network");
  return (
    <ThingTable
      label={t("ports")}
      found={found}
      columns={columns}
      name={portName}
      state={(one) => one.status}
      searchMore={(one) => `${one.mac_address} ${one.device_id}`}
      sortBy="name"
      open={(one) => void navigate({ to: "/ports/$portId", params: { portId: one.id } })}
      remove={remove}
      removable={(one) => !isRouterPort(one) && !one.device_owner.startsWith("network:")}
      tools={networkId && <CreatePort networkId={networkId} small />}
      empty={
        <Empty
          icon={IconPlug}
          title={t("ports.empty")}
          text={t("ports.emptyText")}
          action={<CreatePort networkId={networkId} />}
        />
      }
    />
  );
}

function useColumns(): Column<PortFull>[] {
  const { t } = useTranslation("networks");
  const networks = useNetworkNames();
  const devices = useDeviceNames();
  const addresses = (one: PortFull) => one.fixed_ips.map((each) => each.ip_address).join(", ");
  return [
    {
      key: "name",
      header: t("name"),
      value: portName,
      cell: (one) => (
        <TextLink to="/ports/$portId" params={{ portId: one.id }} fw={550}>
          {portName(one)}
        </TextLink>
      ),
    },
    {
      key: "status",
      header: t("status"),
      width: "15%",
      from: 480,
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} />,
    },
    {
      key: "addresses",
      header: t("addresses"),
      width: "22%",
      value: addresses,
      cell: (one) => (
        <Text size="sm" ff="monospace" truncate title={addresses(one)}>
          {addresses(one) || "–"}
        </Text>
      ),
    },
    {
      key: "network",
      header: t("network"),
      width: "17%",
      from: 760,
      value: (one) => networks.get(one.network_id) ?? one.network_id,
      cell: (one) => (
        <TextLink to="/networks/$networkId" params={{ networkId: one.network_id }}>
          {networks.get(one.network_id) ?? one.network_id.slice(0, 8)}
        </TextLink>
      ),
    },
    {
      key: "device",
      header: t("device"),
      width: "20%",
      from: 640,
      value: (one) => devices.get(one.device_id) ?? one.device_owner,
      cell: (one) => <Device port={one} names={devices} />,
    },
  ];
}

// The project's networks, and those that others share with it.
import { Badge, Group, Text } from "@mantine/core";
import { IconNetwork } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { NewButton } from "../parts/buttons";
import { useSession } from "../api/session";
import { Empty } from "../parts/Empty";
import { ThingTable } from "../parts/ThingTable";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import type { Column } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { NetworkForm } from "./NetworkForm";
import { label, useAll, useSubnets, useThingRemoval } from "./hooks";
import type { NetworkFull } from "./models";
import { NETWORK } from "./things";

export function NetworksPage() {
  const { t } = useTranslation("networks");
  const navigate = useNavigate();
  const found = useAll(NETWORK);
  const project = useSession()?.project?.id;
  const remove = useThingRemoval(NETWORK, "removeAbout.network", label);
  const columns = useColumns();
  const create = (
    <NewButton label={t("network.create")} form={(close) => <NetworkForm close={close} />} wide />
  );
  return (
    <Page title={t("networks")} about={t("networks.about")} actions={create}>
      <ThingTable
        label={t("networks")}
        found={found}
        columns={columns}
        name={label}
        state={(one) => one.status}
        sortBy="name"
        open={(one) => void navigate({ to: "/networks/$networkId", params: { networkId: one.id } })}
        remove={remove}
        removable={(one) => one.project_id === project}
        empty={
          <Empty
            icon={IconNetwork}
            title={t("networks.empty")}
            text={t("networks.emptyText")}
            action={create}
          />
        }
      />
    </Page>
  );
}

export function NetworkMarks({ network }: { network: NetworkFull }) {
  const { t } = useTranslation("networks");
  return (
    <Group gap={6} wrap="nowrap">
      {network["router:external"] && (
        <Badge variant="outline" color="gray" c="var(--mantine-color-text)" tt="none">
          {t("external")}
        </Badge>
      )}
      {network.shared && (
        <Badge variant="outline" color="gray" c="var(--mantine-color-text)" tt="none">
          {t("shared")}
        </Badge>
      )}
    </Group>
  );
}

function useColumns(): Column<NetworkFull>[] {
  const { t } = useTranslation("networks");
  const subnets = useSubnets();
  const cidrs = (one: NetworkFull) =>
    subnets
      .filter((each) => each.network_id === one.id)
      .map((each) => each.cidr)
      .join(", ");
  return [
    {
      key: "name",
      header: t("name"),
      value: label,
      cell: (one) => (
        <TextLink to="/networks/$networkId" params={{ networkId: one.id }} fw={550}>
          {label(one)}
        </TextLink>
      ),
    },
    {
      key: "status",
      header: t("status"),
      width: "18%",
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} />,
    },
    {
      key: "subnets",
      header: t("subnets"),
      width: "32%",
      from: 560,
      value: cidrs,
      cell: (one) => (
        <Text size="sm" ff="monospace" truncate title={cidrs(one)}>
          {cidrs(one) || "–"}
        </Text>
      ),
    },
    {
      key: "marks",
      header: t("reach"),
      width: "18%",
      from: 760,
      value: (one) =>
        `${one["router:external"] ? t("external") : ""} ${one.shared ? t("shared") : ""}`,
      cell: (one) => <NetworkMarks network={one} />,
    },
  ];
}

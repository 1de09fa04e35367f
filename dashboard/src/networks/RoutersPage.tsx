// The project's routers.
import { Text } from "@mantine/core";
import { IconRouter } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { NewButton } from "../parts/buttons";
import { useTranslation } from "react-i18next";
import { Empty } from "../parts/Empty";
import { ThingTable } from "../parts/ThingTable";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import type { Column } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { RouterForm } from "./RouterForm";
import { label, useAll, useNetworkNames, useThingRemoval } from "./hooks";
import type { Router } from "./models";
import { ROUTER } from "./things";

export function RoutersPage() {
  const { t } = useTranslation("networks");
  const navigate = useNavigate();
  const found = useAll(ROUTER);
  const remove = useThingRemoval(ROUTER, "removeAbout.router", label);
  const columns = useColumns();
  const create = (
    <NewButton label={t("router.create")} form={(close) => <RouterForm close={close} />} />
  );
  return (
    <Page title={t("routers")} about={t("routers.about")} actions={create}>
      <ThingTable
        label={t("routers")}
        found={found}
        columns={columns}
        name={label}
        state={(one) => one.status}
        sortBy="name"
        open={(one) => void navigate({ to: "/routers/$routerId", params: { routerId: one.id } })}
        remove={remove}
        empty={
          <Empty
            icon={IconRouter}
            title={t("routers.empty")}
            text={t("routers.emptyText")}
            action={create}
          />
        }
      />
    </Page>
  );
}

export function gatewayAddress(router: Router): string {
  return (
    router.external_gateway_info?.external_fixed_ips.map((one) => one.ip_address).join(", ") ?? ""
  );
}

function useColumns(): Column<Router>[] {
  const { t } = useTranslation("networks");
  const networks = useNetworkNames();
  const outside = (one: Router) => {
    const id = one.external_gateway_info?.network_id;
    return id ? (networks.get(id) ?? id) : "";
  };
  return [
    {
      key: "name",
      header: t("name"),
      value: label,
      cell: (one) => (
        <TextLink to="/routers/$routerId" params={{ routerId: one.id }} fw={550}>
          {label(one)}
        </TextLink>
      ),
    },
    {
      key: "status",
      header: t("status"),
      width: "22%",
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} />,
    },
    {
      key: "gateway",
      header: t("router.outside"),
      width: "25%",
      from: 560,
      value: outside,
      cell: (one) => outside(one) || "–",
    },
    {
      key: "address",
      header: t("router.address"),
      width: "25%",
      from: 760,
      value: gatewayAddress,
      cell: (one) => (
        <Text size="sm" ff="monospace" truncate>
          {gatewayAddress(one) || "–"}
        </Text>
      ),
    },
  ];
}

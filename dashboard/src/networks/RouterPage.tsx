// One router: its way outside, and the subnets it joins.
import { ActionIcon, SimpleGrid, Table, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DeleteButton, EditButton, NewButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { ThingPage } from "../parts/ThingPage";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { confirm } from "../parts/confirm";
import { openstack } from "../parts/shell_words";
import { isRouterPort } from "./ports";
import { InterfaceForm, RouterEdit } from "./RouterForm";
import { gatewayAddress } from "./RoutersPage";
import { label, useAll, useNetworkNames, useThingRemoval } from "./hooks";
import type { PortFull, Router } from "./models";
import { PORT, ROUTER, removeInterface, oneOf } from "./things";

export function RouterPage() {
  const { t } = useTranslation("networks");
  const { routerId } = useParams({ from: "/shell/routers/$routerId" });
  return (
    <ThingPage
      spec={oneOf(ROUTER, routerId)}
      title={t("router")}
      crumb={{ label: t("routers"), to: "/routers" }}
      name={label}
      mark={(one) => <StateBadge state={one.status} />}
      about={(one) => one.description}
      actions={(one) => <Actions router={one} />}
    >
      {(one) => (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Panel title={t("facts")}>
            <About router={one} />
          </Panel>
          <Interfaces router={one} />
        </SimpleGrid>
      )}
    </ThingPage>
  );
}

function About({ router }: { router: Router }) {
  const { t } = useTranslation("networks");
  const networks = useNetworkNames();
  const gateway = router.external_gateway_info;
  return (
    <Facts
      facts={[
        [t("id"), <Copied key="id" text={router.id} />],
        [t("adminState"), t(router.admin_state_up ? "up" : "down")],
        [
          t("router.outside"),
          gateway && (
            <TextLink to="/networks/$networkId" params={{ networkId: gateway.network_id }}>
              {networks.get(gateway.network_id) ?? gateway.network_id}
            </TextLink>
          ),
        ],
        [t("router.address"), gatewayAddress(router)],
        [t("router.snat"), gateway && t(gateway.enable_snat ? "on" : "off")],
        [
          t("router.routes"),
          router.routes.map((one) => `${one.destination} → ${one.nexthop}`).join(", "),
        ],
        [t("createdAt"), <When key="at" at={router.created_at} />],
      ]}
    />
  );
}

function Actions({ router }: { router: Router }) {
  const navigate = useNavigate();
  const remove = useThingRemoval(ROUTER, "removeAbout.router", label);
  return (
    <>
      <EditButton
        name={label(router)}
        form={(close) => <RouterEdit router={router} close={close} />}
      />
      <DeleteButton start={() => remove([router], () => void navigate({ to: "/routers" }))} />
    </>
  );
}

function Interfaces({ router }: { router: Router }) {
  const { t } = useTranslation("networks");
  const ports = useAll(PORT, { device_id: router.id }).data ?? [];
  const inside = ports.filter(
    (one) => isRouterPort(one) && one.device_owner !== "network:router_gateway",
  );
  const add = (
    <NewButton
      label={t("router.join")}
      form={(close) => <InterfaceForm router={router} close={close} />}
      small
    />
  );
  return (
    <Panel title={t("router.interfaces")} actions={add} flush>
      {inside.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {t("router.noInterfaces")}
        </Text>
      ) : (
        <Table aria-label={t("router.interfaces")} horizontalSpacing="md">
          <Table.Tbody>
            {inside.map((one) => (
              <InterfaceRow key={one.id} router={router} port={one} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

function InterfaceRow({ router, port }: { router: Router; port: PortFull }) {
  const { t } = useTranslation(["networks", "parts"]);
  const networks = useNetworkNames();
  const client = useQueryClient();
  const address = port.fixed_ips.map((one) => one.ip_address).join(", ");
  const leave = () =>
    confirm({
      title: t("router.leaveAsk", { address }),
      text: t("router.leaveAbout"),
      verb: t("router.leave"),
      danger: true,
      cli: openstack("router", "remove", "port", label(router), port.id),
      work: async () => {
        await removeInterface(router.id, port.id);
        await Promise.all(ROUTER.stale.map((queryKey) => client.invalidateQueries({ queryKey })));
      },
      done: t("router.left", { address }),
    });
  return (
    <Table.Tr>
      <Table.Td>
        <TextLink to="/networks/$networkId" params={{ networkId: port.network_id }} fw={550}>
          {networks.get(port.network_id) ?? port.network_id.slice(0, 8)}
        </TextLink>
      </Table.Td>
      <Table.Td>
        <Text size="sm" ff="monospace">
          {address}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <StateBadge state={port.status} />
      </Table.Td>
      <Table.Td align="right" w={48}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("router.leaveOf", { address })}
          onClick={leave}
        >
          <IconTrash size={16} />
        </ActionIcon>
      </Table.Td>
    </Table.Tr>
  );
}

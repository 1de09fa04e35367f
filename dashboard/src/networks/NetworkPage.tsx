// One network: what it is, its subnets, and who is plugged into it.
import { ActionIcon, Group, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { IconEdit, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import { DeleteButton, EditButton, NewButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { openForm } from "../parts/form";
import { ButtonLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { ThingPage } from "../parts/ThingPage";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { NetworkEdit } from "./NetworkForm";
import { NetworkMarks } from "./NetworksPage";
import { PortList } from "./PortList";
import { SubnetEdit, SubnetForm } from "./SubnetForm";
import { label, useAll, useThingRemoval } from "./hooks";
import type { NetworkFull, SubnetFull } from "./models";
import { NETWORK, SUBNET, oneOf } from "./things";

export function NetworkPage() {
  const { t } = useTranslation("networks");
  const { networkId } = useParams({ from: "/shell/networks/$networkId" });
  const project = useSession()?.project?.id;
  return (
    <ThingPage
      spec={oneOf(NETWORK, networkId)}
      title={t("network")}
      crumb={{ label: t("networks"), to: "/networks" }}
      name={label}
      mark={(one) => (
        <>
          <StateBadge state={one.status} />
          <NetworkMarks network={one} />
        </>
      )}
      about={(one) => one.description}
      actions={(one) => one.project_id === project && <Actions network={one} />}
    >
      {(one) => (
        <Stack>
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Panel title={t("facts")}>
              <About network={one} />
            </Panel>
            <Subnets network={one} own={one.project_id === project} />
          </SimpleGrid>
          <Text component="h2" fw={650} size="lg">
            {t("ports")}
          </Text>
          <PortList filter={{ network_id: one.id }} networkId={one.id} />
        </Stack>
      )}
    </ThingPage>
  );
}

function About({ network }: { network: NetworkFull }) {
  const { t } = useTranslation("networks");
  const type = network["provider:network_type"];
  const segment = network["provider:segmentation_id"];
  return (
    <Facts
      facts={[
        [t("id"), <Copied key="id" text={network.id} />],
        [t("adminState"), t(network.admin_state_up ? "up" : "down")],
        [t("mtu"), network.mtu],
        [t("portSecurity"), t(network.port_security_enabled ? "on" : "off")],
        type !== undefined && [t("provider"), `${type}${segment ? ` ${segment}` : ""}`],
        [t("project"), <Copied key="project" text={network.project_id} />],
        [t("createdAt"), <When key="at" at={network.created_at} />],
      ]}
    />
  );
}

function Actions({ network }: { network: NetworkFull }) {
  const { t } = useTranslation("networks");
  const navigate = useNavigate();
  const remove = useThingRemoval(NETWORK, "removeAbout.network", label);
  return (
    <>
      {!network["router:external"] && (
        <ButtonLink
          to="/servers/launch"
          search={{ network: network.id }}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
        >
          {t("launchHere")}
        </ButtonLink>
      )}
      <EditButton
        name={label(network)}
        form={(close) => <NetworkEdit network={network} close={close} />}
      />
      <DeleteButton start={() => remove([network], () => void navigate({ to: "/networks" }))} />
    </>
  );
}

function Subnets({ network, own }: { network: NetworkFull; own: boolean }) {
  const { t } = useTranslation("networks");
  const subnets = useAll(SUBNET, { network_id: network.id }).data ?? [];
  const add = (
    <NewButton
      label={t("subnet.create")}
      title={t("subnet.createIn", { name: label(network) })}
      form={(close) => <SubnetForm network={network} close={close} />}
      wide
      small
    />
  );
  return (
    <Panel title={t("subnets")} actions={own && add} flush>
      {subnets.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {t("subnet.none")}
        </Text>
      ) : (
        <Table aria-label={t("subnets")} horizontalSpacing="md" verticalSpacing="xs">
          <Table.Tbody>
            {subnets.map((one) => (
              <SubnetRow key={one.id} subnet={one} own={own} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

function SubnetRow({ subnet, own }: { subnet: SubnetFull; own: boolean }) {
  const { t } = useTranslation(["networks", "parts"]);
  const name = subnet.name || subnet.cidr;
  const remove = useThingRemoval(SUBNET, "removeAbout.subnet", (one) => one.name || one.cidr);
  const more = [
    subnet.gateway_ip ? t("subnet.via", { gateway: subnet.gateway_ip }) : t("subnet.noVia"),
    t(subnet.enable_dhcp ? "subnet.withDhcp" : "subnet.withoutDhcp"),
    subnet.dns_nameservers.length > 0 && `DNS ${subnet.dns_nameservers.join(", ")}`,
    ...subnet.allocation_pools.map((one) => `${one.start}–${one.end}`),
  ];
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {subnet.name}
        </Text>
        <Text size="sm" ff="monospace">
          {subnet.cidr}
        </Text>
        <Text size="xs" c="dimmed">
          {more.filter(Boolean).join(" · ")}
        </Text>
      </Table.Td>
      {own && (
        <Table.Td align="right" w={90}>
          <Group gap={4} wrap="nowrap" justify="flex-end">
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("editOf", { name })}
              onClick={() =>
                openForm(
                  t("editOf", { name }),
                  (close) => <SubnetEdit subnet={subnet} close={close} />,
                  true,
                )
              }
            >
              <IconEdit size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("removeOf", { name })}
              onClick={() => remove([subnet])}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  );
}

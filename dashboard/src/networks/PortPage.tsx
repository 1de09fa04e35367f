// One port: where it is plugged in, its addresses, and what may pass.
import { List, SimpleGrid, Stack, Text } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DeleteButton, EditButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { ThingPage } from "../parts/ThingPage";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { Device } from "./Device";
import { PortEdit } from "./PortForm";
import { portName } from "./PortList";
import { label, useAll, useDeviceNames, useNetworkNames, useThingRemoval } from "./hooks";
import type { PortFull } from "./models";
import { isRouterPort } from "./ports";
import { FLOATING_IP, PORT, SECURITY_GROUP, oneOf } from "./things";

export function PortPage() {
  const { t } = useTranslation("networks");
  const { portId } = useParams({ from: "/shell/ports/$portId" });
  return (
    <ThingPage
      spec={oneOf(PORT, portId)}
      title={t("port")}
      crumb={{ label: t("ports"), to: "/ports" }}
      name={portName}
      mark={(one) => <StateBadge state={one.status} />}
      about={(one) => one.description}
      actions={(one) => <Actions port={one} />}
    >
      {(one) => (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Panel title={t("facts")}>
            <About port={one} />
          </Panel>
          <Stack>
            <Panel title={t("addresses")}>
              <Addresses port={one} />
            </Panel>
            <Panel title={t("securityGroups")}>
              <Groups port={one} />
            </Panel>
          </Stack>
        </SimpleGrid>
      )}
    </ThingPage>
  );
}

function About({ port }: { port: PortFull }) {
  const { t } = useTranslation("networks");
  const networks = useNetworkNames();
  const devices = useDeviceNames();
  return (
    <Facts
      facts={[
        [t("id"), <Copied key="id" text={port.id} />],
        [t("mac"), <Copied key="mac" text={port.mac_address} />],
        [
          t("network"),
          <TextLink key="network" to="/networks/$networkId" params={{ networkId: port.network_id }}>
            {networks.get(port.network_id) ?? port.network_id}
          </TextLink>,
        ],
        [t("device"), <Device key="device" port={port} names={devices} />],
        [t("adminState"), t(port.admin_state_up ? "up" : "down")],
        port["binding:host_id"] !== undefined && [t("host"), port["binding:host_id"]],
        [t("portSecurity"), t(port.port_security_enabled ? "on" : "off")],
        [t("createdAt"), <When key="at" at={port.created_at} />],
      ]}
    />
  );
}

function Addresses({ port }: { port: PortFull }) {
  const { t } = useTranslation("networks");
  const floating = useAll(FLOATING_IP, { port_id: port.id }).data ?? [];
  const pairs = port.allowed_address_pairs;
  return (
    <Facts
      facts={[
        [
          t("port.addresses"),
          port.fixed_ips.length > 0 &&
            port.fixed_ips.map((one) => (
              <div key={one.ip_address}>
                <Copied text={one.ip_address} />
              </div>
            )),
        ],
        [
          t("floatingIps"),
          floating.length > 0 &&
            floating.map((one) => (
              <div key={one.id}>
                <Copied text={one.floating_ip_address} />
              </div>
            )),
        ],
        [
          t("port.pairs"),
          pairs.length > 0 &&
            pairs.map((one) => (
              <Text key={one.ip_address} size="sm" ff="monospace">
                {one.ip_address} {one.mac_address === port.mac_address ? "" : one.mac_address}
              </Text>
            )),
        ],
      ]}
    />
  );
}

function Groups({ port }: { port: PortFull }) {
  const { t } = useTranslation("networks");
  const groups = useAll(SECURITY_GROUP).data ?? [];
  if (port.security_groups.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("port.noGroups")}
      </Text>
    );
  return (
    <List size="sm">
      {port.security_groups.map((id) => {
        const group = groups.find((one) => one.id === id);
        return (
          <List.Item key={id}>
            <TextLink to="/security-groups/$groupId" params={{ groupId: id }}>
              {group ? label(group) : id}
            </TextLink>
          </List.Item>
        );
      })}
    </List>
  );
}

function Actions({ port }: { port: PortFull }) {
  const navigate = useNavigate();
  const remove = useThingRemoval(PORT, "removeAbout.port", portName);
  if (isRouterPort(port)) return null;
  return (
    <>
      <EditButton name={portName(port)} form={(close) => <PortEdit port={port} close={close} />} />
      <DeleteButton start={() => remove([port], () => void navigate({ to: "/ports" }))} />
    </>
  );
}

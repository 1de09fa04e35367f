// The server's network cards: addresses, port, security groups, floating IPs; attach and detach.
import { Button, Group, Skeleton, Table, Text } from "@mantine/core";
import { IconPlug, IconPlugOff, IconShield, IconWorld } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { compute, done, network } from "../api/clients";
import { keys } from "../api/keys";
import type { FloatingIp, Port, Server } from "../api/models";
import { useList } from "../api/queries";
import { floatingIpList, networkList, portList, securityGroupList } from "../networks/queries";
import { Copied } from "../parts/Copied";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import { StateBadge } from "../parts/StateBadge";
import { confirm } from "../parts/confirm";
import { openstack } from "../parts/shell_words";
import { useServerForms } from "./server_forms";

export default function NetworkTab({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const ports = useList(portList(server.id));
  const networks = useList(networkList(), { every: 60_000 });
  const groups = useList(securityGroupList(), { every: 60_000 });
  const floating = useList(floatingIpList());
  const forms = useServerForms(server);
  const detach = useDetach(server);
  if (ports.error) return <ErrorAlert error={ports.error} />;
  if (!ports.data) return <Skeleton h={200} />;
  const groupName = new Map(groups.data?.map((one) => [one.id, one.name]));
  const networkName = new Map(networks.data?.map((one) => [one.id, one.name]));
  return (
    <Panel
      title={t("addresses")}
      actions={
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={forms.attachInterface}>
            {t("verb.interface")}
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={forms.attachFloatingIp}
            disabled={ports.data.length === 0}
          >
            {t("verb.floating")}
          </Button>
        </Group>
      }
    >
      {ports.data.length === 0 ? (
        <Empty icon={IconPlug} title={t("net.empty")} />
      ) : (
        <Scroll label={t("addresses")}>
          <Table fz="sm" verticalSpacing={8} miw={760}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("net.address")}</Table.Th>
                <Table.Th>{t("net.floating")}</Table.Th>
                <Table.Th>{t("net.network")}</Table.Th>
                <Table.Th>{t("net.state")}</Table.Th>
                <Table.Th>{t("net.groups")}</Table.Th>
                <Table.Th>{t("net.mac")}</Table.Th>
                <Table.Td />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {ports.data.map((port) => (
                <Table.Tr key={port.id}>
                  <Table.Td>
                    {port.fixed_ips.map((one) => (
                      <Copied key={one.ip_address} text={one.ip_address} />
                    ))}
                  </Table.Td>
                  <Table.Td>
                    {floating.data
                      ?.filter((one) => one.port_id === port.id)
                      .map((one) => (
                        <Group key={one.id} gap={4} wrap="nowrap">
                          <Copied text={one.floating_ip_address} />
                          <Button
                            size="compact-xs"
                            variant="subtle"
                            aria-label={t("net.release", { address: one.floating_ip_address })}
                            onClick={() => detach.floatingIp(one)}
                          >
                            <IconWorld size={14} aria-hidden />
                            {t("net.detach")}
                          </Button>
                        </Group>
                      ))}
                  </Table.Td>
                  <Table.Td>{networkName.get(port.network_id) ?? port.network_id}</Table.Td>
                  <Table.Td>
                    <StateBadge state={port.status} />
                  </Table.Td>
                  <Table.Td>
                    <Group gap={4} wrap="nowrap">
                      <Text size="sm">
                        {port.security_groups.map((id) => groupName.get(id) ?? id).join(", ") ||
                          "–"}
                      </Text>
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        leftSection={<IconShield size={14} aria-hidden />}
                        aria-label={t("groups.change_of", { address: addressOf(port) })}
                        onClick={() => forms.chooseGroups(port)}
                      >
                        {t("groups.change")}
                      </Button>
                    </Group>
                  </Table.Td>
                  <Table.Td ff="monospace">{port.mac_address}</Table.Td>
                  <Table.Td>
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      leftSection={<IconPlugOff size={14} aria-hidden />}
                      aria-label={t("net.release", { address: addressOf(port) })}
                      onClick={() => detach.port(port)}
                    >
                      {t("net.detach")}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
    </Panel>
  );
}

function addressOf(port: Port): string {
  return port.fixed_ips[0]?.ip_address ?? port.id;
}

function useDetach(server: Server) {
  const { t } = useTranslation("servers");
  const client = useQueryClient();
  const refresh = () =>
    Promise.all(
      [keys.ports, keys.floatingIps, keys.servers].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
  return {
    port: (port: Port) =>
      confirm({
        title: t("net.detachAsk", { address: addressOf(port), server: server.name }),
        text: t("net.detachAbout"),
        verb: t("net.detach"),
        danger: true,
        cli: openstack("server", "remove", "port", server.name, port.id),
        work: async () => {
          const path = { server_id: server.id, port_id: port.id };
          const url = "/servers/{server_id}/os-interface/{port_id}";
          await done(compute.DELETE(url, { params: { path } }));
          await refresh();
        },
      }),
    floatingIp: (ip: FloatingIp) =>
      confirm({
        title: t("net.detachAsk", { address: ip.floating_ip_address, server: server.name }),
        text: ip.floating_ip_address,
        verb: t("net.detach"),
        cli: openstack("server", "remove", "floating", "ip", server.name, ip.floating_ip_address),
        work: async () => {
          const path = { floatingip_id: ip.id };
          const body = { floatingip: { port_id: null } } as never;
          await done(network.PUT("/v2.0/floatingips/{floatingip_id}", { params: { path }, body }));
          await refresh();
        },
      }),
  };
}

import { Select, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, network, take } from "../api/clients";
import { keys } from "../api/keys";
import type { FloatingIp, Server } from "../api/models";
import { useChange, useList } from "../api/queries";
import { floatingIpList, networkList, portList } from "../networks/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";

const NEW = "new:";

export function FloatingIpForm({ server, close }: { server: Server; close: () => void }) {
  const { t } = useTranslation("servers");
  const ports = useList(portList(server.id));
  const networks = useList(networkList());
  const floating = useList(floatingIpList());
  const [portId, setPortId] = useState<string | null>(null);
  const [which, setWhich] = useState<string | null>(null);

  const port = ports.data?.find((one) => one.id === portId) ?? ports.data?.[0];
  const free = (floating.data ?? []).filter((one) => !one.port_id);
  const outside = (networks.data ?? []).filter((one) => one["router:external"]);
  const choices = [
    ...free.map((one) => ({ value: one.id, label: one.floating_ip_address })),
    ...outside.map((one) => ({
      value: NEW + one.id,
      label: t("fip.new", { network: one.name || one.id }),
    })),
  ];
  const chosen = which ?? choices[0]?.value ?? "";
  const pool = outside.find((one) => NEW + one.id === chosen);
  const own = free.find((one) => one.id === chosen);

  const attach = useChange(async () => {
    const port_id = port?.id;
    if (pool) {
      const body = { floatingip: { floating_network_id: pool.id, port_id } } as never;
      await take<{ floatingip: FloatingIp }>(network.POST("/v2.0/floatingips", { body }));
    } else if (own) {
      const path = { floatingip_id: own.id };
      const body = { floatingip: { port_id } } as never;
      await done(network.PUT("/v2.0/floatingips/{floatingip_id}", { params: { path }, body }));
    }
  }, [keys.floatingIps, keys.servers, keys.ports]);

  const address = own?.floating_ip_address ?? "ADDRESS";
  return (
    <FormFrame
      submit={() => attach.mutateAsync(undefined)}
      close={close}
      verb={t("fip.save")}
      disabled={!port || (!pool && !own)}
      cli={[
        ...(pool ? [openstack("floating", "ip", "create", pool.name)] : []),
        openstack("server", "add", "floating", "ip", server.name, address),
      ]}
    >
      <Text size="sm" c="dimmed">
        {t("fip.about")}
      </Text>
      <Select
        label={t("fip.which")}
        value={chosen || null}
        onChange={setWhich}
        allowDeselect={false}
        data={choices}
      />
      <Select
        label={t("fip.port")}
        value={port?.id ?? null}
        onChange={setPortId}
        allowDeselect={false}
        data={(ports.data ?? []).map((one) => ({
          value: one.id,
          label: one.fixed_ips.map((each) => each.ip_address).join(", ") || one.id,
        }))}
      />
    </FormFrame>
  );
}

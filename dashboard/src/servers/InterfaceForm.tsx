import { Select, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import type { Server } from "../api/models";
import { useChange, useList } from "../api/queries";
import { networkList } from "../networks/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";

export function InterfaceForm({ server, close }: { server: Server; close: () => void }) {
  const { t } = useTranslation("servers");
  const networks = useList(networkList());
  const [chosen, setChosen] = useState<string | null>(null);
  const [address, setAddress] = useState("");
  const usable = (networks.data ?? []).filter((one) => !one["router:external"]);
  const network = usable.find((one) => one.id === chosen) ?? usable[0];
  const attach = useChange(() => {
    const path = { server_id: server.id };
    const fixed_ips = address ? [{ ip_address: address }] : undefined;
    const body = { interfaceAttachment: { net_id: network?.id, fixed_ips } } as never;
    return done(compute.POST("/servers/{server_id}/os-interface", { params: { path }, body }));
  }, [keys.ports, keys.servers]);
  return (
    <FormFrame
      submit={() => attach.mutateAsync(undefined)}
      close={close}
      verb={t("nic.save")}
      disabled={!network}
      cli={
        address
          ? openstack(
              "server",
              "add",
              "fixed",
              "ip",
              "--fixed-ip-address",
              address,
              server.name,
              network?.name,
            )
          : openstack("server", "add", "network", server.name, network?.name)
      }
    >
      <Text size="sm" c="dimmed">
        {t("nic.about")}
      </Text>
      <Select
        label={t("nic.network")}
        value={network?.id ?? null}
        onChange={setChosen}
        allowDeselect={false}
        data={usable.map((one) => ({ value: one.id, label: one.name || one.id }))}
      />
      <TextInput
        label={t("nic.address")}
        placeholder={t("nic.addressHint")}
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value.trim())}
      />
    </FormFrame>
  );
}

// Which security groups guard one of the server's network cards.
import { MultiSelect, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, network } from "../api/clients";
import { keys } from "../api/keys";
import type { Port, Server } from "../api/models";
import { useChange, useList } from "../api/queries";
import { securityGroupList } from "../networks/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";

interface Props {
  server: Server;
  port: Port;
  close: () => void;
}

export function PortGroupsForm({ server, port, close }: Props) {
  const { t } = useTranslation("servers");
  const groups = useList(securityGroupList(server.tenant_id));
  const [chosen, setChosen] = useState(port.security_groups);
  const change = useChange(() => {
    const path = { port_id: port.id };
    const body = { port: { security_groups: chosen } } as never;
    return done(network.PUT("/v2.0/ports/{port_id}", { params: { path }, body }));
  }, [keys.ports, keys.servers]);
  const nameOf = (id: string) => groups.data?.find((one) => one.id === id)?.name ?? id;
  return (
    <FormFrame
      submit={() => change.mutateAsync()}
      close={close}
      verb={t("groups.save")}
      disabled={!groups.data}
      done={t("groups.done")}
      cli={openstack(
        ...["port", "set", "--no-security-group"],
        ...chosen.flatMap((id) => ["--security-group", nameOf(id)]),
        port.id,
      )}
    >
      <Text size="sm" c="dimmed">
        {t("groups.about")}
      </Text>
      <MultiSelect
        label={t("net.groups")}
        value={chosen}
        onChange={setChosen}
        data={(groups.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
        error={chosen.length === 0 && t("groups.none")}
        searchable
        data-autofocus
      />
    </FormFrame>
  );
}

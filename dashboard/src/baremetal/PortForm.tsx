// One NIC: its MAC, whether the machine boots by it, and where its cable leads.
import { Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { baremetal, done } from "../api/clients";
import { keys } from "../api/keys";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { macsOf } from "./enroll";
import { type MetalNode, type MetalPort, type PortGroup, nameOf } from "./models";
import { type Fields, patchOf } from "./patch";

interface Props {
  node: MetalNode;
  port?: MetalPort;
  groups: PortGroup[];
  close: () => void;
}

const LINK = ["switch_id", "port_id", "switch_info"] as const;

export function PortForm({ node, port, groups, close }: Props) {
  const { t } = useTranslation("baremetal");
  const client = useQueryClient();
  const [mac, setMac] = useState(port?.address ?? "");
  const [pxe, setPxe] = useState(port?.pxe_enabled ?? true);
  const [network, setNetwork] = useState(port?.physical_network ?? "");
  const [group, setGroup] = useState(port?.portgroup_uuid ?? null);
  const [link, setLink] = useState<Record<string, string>>(() =>
    Object.fromEntries(LINK.map((key) => [key, String(port?.local_link_connection[key] ?? "")])),
  );
  const macs = macsOf(mac);
  const links: Record<string, unknown> = Object.fromEntries([
    ...Object.entries(port?.local_link_connection ?? {}).filter(([key]) => !(key in link)),
    ...Object.entries(link)
      .map(([key, value]) => [key, value.trim()] as const)
      .filter(([, value]) => value),
  ]);
  const said: Fields = {
    address: mac.trim().toLowerCase(),
    pxe_enabled: pxe,
    physical_network: network.trim() || null,
    portgroup_uuid: group,
    local_link_connection: links,
  };

  async function submit(): Promise<void> {
    if (port) {
      const path = { port_ident: port.uuid };
      const patch = patchOf(port, said);
      if (patch.length > 0)
        await done(
          baremetal.PATCH("/ports/{port_ident}", { params: { path }, body: patch as never }),
        );
    } else {
      const body = { ...said, node_uuid: node.uuid } as never;
      await done(baremetal.POST("/ports", { body }));
    }
    await client.invalidateQueries({ queryKey: keys.nodes });
  }

  const words = [
    ...(network.trim() ? ["--physical-network", network.trim()] : []),
    ...(pxe ? [] : ["--pxe-enabled", "false"]),
    ...(group ? ["--port-group", group] : []),
    ...LINK.flatMap((key) =>
      links[key] ? ["--local-link-connection", `${key}=${String(links[key])}`] : [],
    ),
  ];
  const command = port
    ? openstack("baremetal", "port", "set", "--address", mac, ...words, port.uuid)
    : openstack("baremetal", "port", "create", mac || "MAC", "--node", nameOf(node), ...words);
  return (
    <FormFrame
      submit={submit}
      close={close}
      verb={t(port ? "save" : "ports.add")}
      disabled={macs?.length !== 1}
      cli={command}
    >
      <TextInput
        required
        label={t("mac")}
        value={mac}
        error={macs === null ? t("enroll.macsWrong") : undefined}
        onChange={(event) => setMac(event.currentTarget.value)}
        data-autofocus
      />
      <Switch
        label={t("ports.pxe")}
        checked={pxe}
        onChange={(event) => setPxe(event.currentTarget.checked)}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t("ports.physicalNetwork")}
          value={network}
          onChange={(event) => setNetwork(event.currentTarget.value)}
        />
        <Select
          label={t("ports.group")}
          clearable
          data={groups.map((one) => ({ value: one.uuid, label: nameOf(one) }))}
          value={group}
          onChange={setGroup}
        />
        {LINK.map((key) => (
          <TextInput
            key={key}
            label={t(`link.${key}`)}
            value={link[key] ?? ""}
            onChange={(event) => setLink({ ...link, [key]: event.currentTarget.value })}
          />
        ))}
      </SimpleGrid>
    </FormFrame>
  );
}

// NICs that are one to the network: a bond.
import { Select, Switch, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { baremetal, done } from "../api/clients";
import { keys } from "../api/keys";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { type MetalNode, type PortGroup, nameOf } from "./models";
import { type Fields, patchOf } from "./patch";

const MODES = [
  "active-backup",
  "802.3ad",
  "balance-rr",
  "balance-xor",
  "broadcast",
  "balance-tlb",
  "balance-alb",
];

interface Props {
  node: MetalNode;
  group?: PortGroup;
  close: () => void;
}

export function PortGroupForm({ node, group, close }: Props) {
  const { t } = useTranslation("baremetal");
  const client = useQueryClient();
  const [name, setName] = useState(group?.name ?? "");
  const [mode, setMode] = useState(group?.mode ?? "active-backup");
  const [mac, setMac] = useState(group?.address ?? "");
  const [alone, setAlone] = useState(group?.standalone_ports_supported ?? true);
  const said: Fields = {
    name: name.trim() || null,
    mode,
    address: mac.trim().toLowerCase() || null,
    standalone_ports_supported: alone,
  };

  async function submit(): Promise<void> {
    if (group) {
      const path = { portgroup_ident: group.uuid };
      const body = patchOf(group, said) as never[];
      if (body.length > 0)
        await done(baremetal.PATCH("/portgroups/{portgroup_ident}", { params: { path }, body }));
    } else {
      const body = { ...said, node_uuid: node.uuid } as never;
      await done(baremetal.POST("/portgroups", { body }));
    }
    await client.invalidateQueries({ queryKey: keys.nodes });
  }

  const words = [
    ...(name.trim() ? ["--name", name.trim()] : []),
    ...["--mode", mode],
    ...(mac.trim() ? ["--address", mac.trim()] : []),
    alone ? "--support-standalone-ports" : "--unsupport-standalone-ports",
  ];
  const command = group
    ? openstack("baremetal", "port", "group", "set", ...words, nameOf(group))
    : openstack("baremetal", "port", "group", "create", "--node", node.uuid, ...words);
  return (
    <FormFrame submit={submit} close={close} verb={t(group ? "save" : "groups.add")} cli={command}>
      <TextInput
        label={t("name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Select
        label={t("groups.mode")}
        data={MODES.includes(mode) ? MODES : [mode, ...MODES]}
        value={mode}
        allowDeselect={false}
        onChange={(value) => value && setMode(value)}
      />
      <TextInput
        label={t("mac")}
        description={t("groups.macText")}
        value={mac}
        onChange={(event) => setMac(event.currentTarget.value)}
      />
      <Switch
        label={t("groups.aloneText")}
        checked={alone}
        onChange={(event) => setAlone(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

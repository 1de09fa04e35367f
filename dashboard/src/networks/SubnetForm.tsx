// A subnet's fields: the same where it is made and where it is changed.
import { Checkbox, SimpleGrid, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import type { NetworkFull, SubnetFull } from "./models";
import {
  FRESH_SUBNET,
  type SubnetDraft,
  changeBody,
  draftOf,
  subnetBody,
  subnetCli,
  subnetSetCli,
} from "./subnet_draft";
import { SUBNET, create, update } from "./things";

interface FieldsProps {
  draft: SubnetDraft;
  setDraft: (draft: SubnetDraft) => void;
  namePlaceholder?: string;
  /** It exists: its addresses stay. */
  fixed?: boolean;
}

export function SubnetFields({ draft, setDraft, namePlaceholder, fixed }: FieldsProps) {
  const { t } = useTranslation("networks");
  const text = (key: "name" | "cidr" | "gateway" | "dns" | "pools") => ({
    value: draft[key],
    onChange: (event: { currentTarget: { value: string } }) =>
      setDraft({ ...draft, [key]: event.currentTarget.value }),
  });
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t("subnet.cidr")}
          placeholder="10.0.0.0/24"
          required={!fixed}
          disabled={fixed}
          {...text("cidr")}
        />
        <TextInput label={t("subnet.name")} placeholder={namePlaceholder} {...text("name")} />
        <TextInput
          label={t("subnet.gateway")}
          placeholder={t("subnet.gatewayHint")}
          disabled={draft.noGateway}
          {...text("gateway")}
        />
        <TextInput label={t("subnet.dns")} placeholder="9.9.9.9" {...text("dns")} />
      </SimpleGrid>
      <TextInput label={t("subnet.pools")} placeholder={t("subnet.poolsHint")} {...text("pools")} />
      <Checkbox
        label={t("subnet.dhcp")}
        checked={draft.dhcp}
        onChange={(event) => setDraft({ ...draft, dhcp: event.currentTarget.checked })}
      />
      <Checkbox
        label={t("subnet.noGateway")}
        checked={draft.noGateway}
        onChange={(event) => setDraft({ ...draft, noGateway: event.currentTarget.checked })}
      />
    </>
  );
}

export function SubnetForm({ network, close }: { network: NetworkFull; close: () => void }) {
  const { t } = useTranslation("networks");
  const [draft, setDraft] = useState(FRESH_SUBNET);
  const change = useChange(
    () => create(SUBNET, { ...subnetBody(draft), network_id: network.id }),
    SUBNET.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      done={t("made", { name: draft.name || draft.cidr })}
      disabled={!draft.cidr}
      cli={subnetCli(draft, network.name || network.id)}
    >
      <SubnetFields draft={draft} setDraft={setDraft} />
    </FormFrame>
  );
}

export function SubnetEdit({ subnet, close }: { subnet: SubnetFull; close: () => void }) {
  const { t } = useTranslation("networks");
  const [draft, setDraft] = useState(() => draftOf(subnet));
  const change = useChange(() => update(SUBNET, subnet.id, changeBody(draft)), SUBNET.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      cli={subnetSetCli(subnet, draft)}
    >
      <SubnetFields draft={draft} setDraft={setDraft} fixed />
    </FormFrame>
  );
}

// A port, made and changed: addresses, security groups, and addresses it may also speak for.
import { Checkbox, MultiSelect, Select, TextInput, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { useSession } from "../api/session";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { label, useAll, useSubnets } from "./hooks";
import type { PortFull } from "./models";
import { type PortDraft, draftOf, freshPort, portBody, portOptions } from "./port_draft";
import { NETWORK, PORT, SECURITY_GROUP, create, update } from "./things";

interface FieldsProps {
  draft: PortDraft;
  setDraft: (draft: PortDraft) => void;
  networkId: string | null;
}

function PortFields({ draft, setDraft, networkId }: FieldsProps) {
  const { t } = useTranslation("networks");
  const project = useSession()?.project?.id ?? "";
  const groups = useAll(SECURITY_GROUP, { project_id: project }).data ?? [];
  const subnets = useSubnets().filter((one) => one.network_id === networkId);
  const set = (part: Partial<PortDraft>) => setDraft({ ...draft, ...part });
  return (
    <>
      <TextInput
        label={t("name")}
        maxLength={255}
        value={draft.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t("port.addresses")}
        description={
          subnets.length > 0
            ? t("port.addressesAbout", { cidrs: subnets.map((one) => one.cidr).join(", ") })
            : t("port.noSubnet")
        }
        value={draft.addresses}
        onChange={(event) => set({ addresses: event.currentTarget.value })}
      />
      <Checkbox
        label={t("port.security")}
        checked={draft.security}
        onChange={(event) => set({ security: event.currentTarget.checked })}
      />
      {draft.security && (
        <MultiSelect
          label={t("securityGroups")}
          placeholder={draft.groups === null ? t("port.defaultGroup") : undefined}
          data={groups.map((one) => ({ value: one.id, label: label(one) }))}
          value={draft.groups ?? []}
          onChange={(chosen) => set({ groups: chosen })}
          searchable
        />
      )}
      {draft.security && (
        <Textarea
          label={t("port.pairs")}
          description={t("port.pairsAbout")}
          autosize
          minRows={2}
          placeholder="10.0.0.50"
          value={draft.pairs}
          onChange={(event) => set({ pairs: event.currentTarget.value })}
        />
      )}
      <Checkbox
        label={t("adminUp")}
        checked={draft.up}
        onChange={(event) => set({ up: event.currentTarget.checked })}
      />
    </>
  );
}

export function PortForm({ networkId, close }: { networkId?: string; close: () => void }) {
  const { t } = useTranslation("networks");
  const networks = useAll(NETWORK).data ?? [];
  const [chosen, setChosen] = useState<string | null>(networkId ?? null);
  const [draft, setDraft] = useState(freshPort);
  const change = useChange(
    () => create(PORT, { network_id: chosen, ...portBody(draft) }),
    PORT.stale,
  );
  const network = networks.find((one) => one.id === chosen);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      done={t("made", { name: draft.name || t("port") })}
      disabled={!chosen}
      cli={openstack(
        ...["port", "create", "--network", network ? label(network) : "NETWORK"],
        ...portOptions(draft),
        draft.name || "NAME",
      )}
    >
      {!networkId && (
        <Select
          label={t("network")}
          required
          searchable
          data={networks.map((one) => ({ value: one.id, label: label(one) }))}
          value={chosen}
          onChange={setChosen}
        />
      )}
      <PortFields draft={draft} setDraft={setDraft} networkId={chosen} />
    </FormFrame>
  );
}

export function PortEdit({ port, close }: { port: PortFull; close: () => void }) {
  const { t } = useTranslation("networks");
  const [draft, setDraft] = useState(() => draftOf(port));
  const change = useChange(() => update(PORT, port.id, portBody(draft, port)), PORT.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      cli={openstack(
        ...["port", "set"],
        ...(draft.name === port.name ? [] : ["--name", draft.name]),
        ...portOptions(draft, port),
        port.name || port.id,
      )}
    >
      <PortFields draft={draft} setDraft={setDraft} networkId={port.network_id} />
    </FormFrame>
  );
}

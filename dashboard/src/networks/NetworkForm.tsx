// A network with its first subnet, in one form; and a network's own fields later on.
import { Checkbox, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { NameField, NameFields, useSaid } from "../parts/NameFields";
import { openstack } from "../parts/shell_words";
import { SubnetFields } from "./SubnetForm";
import { useAll } from "./hooks";
import type { NetworkFull } from "./models";
import { FRESH_SUBNET, type SubnetDraft, subnetBody, subnetCli } from "./subnet_draft";
import { NETWORK, ROUTER, SUBNET, addInterface, create, remove, update } from "./things";

interface Draft {
  name: string;
  withSubnet: boolean;
  subnet: SubnetDraft;
  routerId: string | null;
}

/** All of it or nothing: what was made is taken back if the next step fails. */
async function make({ name, withSubnet, subnet, routerId }: Draft): Promise<void> {
  const made = await create(NETWORK, { name });
  try {
    if (!withSubnet) return;
    const below = await create(SUBNET, { ...subnetBody(subnet), network_id: made.id });
    if (routerId) await addInterface(routerId, below.id);
  } catch (problem) {
    await remove(NETWORK, made.id).catch(() => undefined);
    throw problem;
  }
}

export function NetworkForm({ close }: { close: () => void }) {
  const { t } = useTranslation("networks");
  const routers = useAll(ROUTER).data ?? [];
  const [draft, setDraft] = useState<Draft>({
    name: "",
    withSubnet: true,
    subnet: FRESH_SUBNET,
    routerId: null,
  });
  const { name, withSubnet, subnet, routerId } = draft;
  const change = useChange(make, [...NETWORK.stale, ...ROUTER.stale]);
  const commands = [openstack("network", "create", name || "NAME")];
  if (withSubnet) {
    const named = { ...subnet, name: subnet.name || `${name || "NAME"}-subnet` };
    commands.push(subnetCli(named, name || "NAME"));
    if (routerId) commands.push(openstack("router", "add", "subnet", routerId, named.name));
  }
  return (
    <FormFrame
      submit={() => {
        const named = { ...subnet, name: subnet.name || `${name}-subnet` };
        return change.mutateAsync({ ...draft, subnet: named });
      }}
      close={close}
      verb={t("create")}
      done={t("made", { name })}
      disabled={!name || (withSubnet && !subnet.cidr)}
      cli={commands}
    >
      <NameField value={name} set={(name) => setDraft({ ...draft, name })} required />
      <Checkbox
        label={t("network.withSubnet")}
        checked={withSubnet}
        onChange={(event) => setDraft({ ...draft, withSubnet: event.currentTarget.checked })}
      />
      {withSubnet && (
        <>
          <SubnetFields
            draft={subnet}
            setDraft={(next) => setDraft({ ...draft, subnet: next })}
            namePlaceholder={name && `${name}-subnet`}
          />
          {routers.length > 0 && (
            <Select
              label={t("network.router")}
              description={t("network.routerAbout")}
              clearable
              clearButtonProps={{ "aria-label": t("clear") }}
              placeholder={t("none")}
              data={routers.map((one) => ({ value: one.id, label: one.name || one.id }))}
              value={routerId}
              onChange={(id) => setDraft({ ...draft, routerId: id })}
            />
          )}
        </>
      )}
    </FormFrame>
  );
}

export function NetworkEdit({ network, close }: { network: NetworkFull; close: () => void }) {
  const { t } = useTranslation("networks");
  const [said, setSaid] = useSaid(network);
  const { name, description } = said;
  const [up, setUp] = useState(network.admin_state_up);
  const change = useChange(
    () => update(NETWORK, network.id, { name, description, admin_state_up: up }),
    NETWORK.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      cli={openstack(
        ...["network", "set"],
        ...(name === network.name ? [] : ["--name", name]),
        ...(description === network.description ? [] : ["--description", description]),
        up !== network.admin_state_up && (up ? "--enable" : "--disable"),
        network.name || network.id,
      )}
    >
      <NameFields said={said} set={setSaid} />
      <Checkbox
        label={t("adminUp")}
        checked={up}
        onChange={(event) => setUp(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

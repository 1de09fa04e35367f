// Routers in forms: a new one, its way outside, and the subnets it joins.
import { Checkbox, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { NameField } from "../parts/NameFields";
import { openstack } from "../parts/shell_words";
import { label, useAll, useNetworkNames, useSubnets } from "./hooks";
import type { Router } from "./models";
import { NETWORK, ROUTER, addInterface, create, update } from "./things";

interface OutsideProps {
  value: string | null;
  onChange: (id: string | null) => void;
}

/** The external networks, to choose the way outside from. */
function Outside({ value, onChange }: OutsideProps) {
  const { t } = useTranslation("networks");
  const outside = useAll(NETWORK, { "router:external": "true" }).data ?? [];
  return (
    <Select
      label={t("router.outside")}
      description={t("router.outsideAbout")}
      placeholder={t("none")}
      clearable
      clearButtonProps={{ "aria-label": t("clear") }}
      data={outside.map((one) => ({ value: one.id, label: label(one) }))}
      value={value}
      onChange={onChange}
    />
  );
}

export function RouterForm({ close }: { close: () => void }) {
  const { t } = useTranslation("networks");
  const names = useNetworkNames();
  const [name, setName] = useState("");
  const [outside, setOutside] = useState<string | null>(null);
  const change = useChange(
    () =>
      create(ROUTER, {
        name,
        ...(outside && { external_gateway_info: { network_id: outside } }),
      }),
    ROUTER.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      done={t("made", { name })}
      disabled={!name}
      cli={openstack(
        ...["router", "create"],
        ...(outside ? ["--external-gateway", names.get(outside) ?? outside] : []),
        name || "NAME",
      )}
    >
      <NameField value={name} set={setName} required />
      <Outside value={outside} onChange={setOutside} />
    </FormFrame>
  );
}

export function RouterEdit({ router, close }: { router: Router; close: () => void }) {
  const { t } = useTranslation("networks");
  const names = useNetworkNames();
  const before = router.external_gateway_info?.network_id ?? null;
  const [name, setName] = useState(router.name);
  const [up, setUp] = useState(router.admin_state_up);
  const [outside, setOutside] = useState(before);
  const moved = outside !== before;
  const change = useChange(
    () =>
      update(ROUTER, router.id, {
        name,
        admin_state_up: up,
        ...(moved && { external_gateway_info: outside ? { network_id: outside } : {} }),
      }),
    ROUTER.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      cli={openstack(
        ...["router", moved && !outside ? "unset" : "set"],
        ...(name === router.name ? [] : ["--name", name]),
        up !== router.admin_state_up && (up ? "--enable" : "--disable"),
        ...(moved
          ? outside
            ? ["--external-gateway", names.get(outside) ?? outside]
            : ["--external-gateway"]
          : []),
        router.name || router.id,
      )}
    >
      <NameField value={name} set={setName} />
      <Outside value={outside} onChange={setOutside} />
      <Checkbox
        label={t("adminUp")}
        checked={up}
        onChange={(event) => setUp(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

export function InterfaceForm({ router, close }: { router: Router; close: () => void }) {
  const { t } = useTranslation("networks");
  const names = useNetworkNames();
  const subnets = useSubnets();
  const [subnetId, setSubnetId] = useState<string | null>(null);
  const change = useChange((id: string) => addInterface(router.id, id), ROUTER.stale);
  const chosen = subnets.find((one) => one.id === subnetId);
  return (
    <FormFrame
      submit={() => change.mutateAsync(subnetId ?? "")}
      close={close}
      verb={t("add")}
      done={t("router.joined", { name: chosen?.cidr ?? "" })}
      disabled={!subnetId}
      cli={openstack(
        "router",
        "add",
        "subnet",
        label(router),
        chosen?.name || subnetId || "SUBNET",
      )}
    >
      <Select
        label={t("subnet")}
        description={t("router.joinAbout")}
        required
        searchable
        data={subnets
          .filter((one) => one.gateway_ip !== null)
          .map((one) => ({
            value: one.id,
            label: `${names.get(one.network_id) ?? one.network_id.slice(0, 8)}: ${one.cidr}`,
          }))}
        value={subnetId}
        onChange={setSubnetId}
        data-autofocus
      />
    </FormFrame>
  );
}

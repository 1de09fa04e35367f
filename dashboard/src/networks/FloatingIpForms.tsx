// A floating IP: taken from the outside, and led to a port of a server.
import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { isServerPort } from "./ports";
import { label, useAll, useDeviceNames, useNetworkNames } from "./hooks";
import type { FloatingIpFull } from "./models";
import { FLOATING_IP, NETWORK, PORT, create, update } from "./things";

/** A port and one of its addresses, as one choice. */
interface Target {
  portId: string;
  address: string;
}

interface TargetProps {
  value: Target | null;
  onChange: (target: Target | null) => void;
  required?: boolean;
}

function TargetChoice({ value, onChange, required }: TargetProps) {
  const { t } = useTranslation("networks");
  const devices = useDeviceNames();
  const ports = useAll(PORT).data ?? [];
  const choices = ports
    .filter((one) => isServerPort(one) || one.device_owner === "")
    .flatMap((port) =>
      port.fixed_ips
        .filter((fixed) => !fixed.ip_address.includes(":"))
        .map(({ ip_address }) => ({
          value: `${port.id} ${ip_address}`,
          label: `${devices.get(port.device_id) ?? (port.name || t("port"))}: ${ip_address}`,
        })),
    );
  return (
    <Select
      label={t("fip.leadsTo")}
      description={t("fip.targetAbout")}
      placeholder={t("fip.nowhere")}
      nothingFoundMessage={t("fip.noTarget")}
      required={required}
      searchable
      clearable={!required}
      clearButtonProps={{ "aria-label": t("clear") }}
      data={choices}
      value={value && `${value.portId} ${value.address}`}
      onChange={(chosen) => {
        const [portId = "", address = ""] = chosen?.split(" ") ?? [];
        onChange(chosen ? { portId, address } : null);
      }}
    />
  );
}

export function AllocateForm({ close }: { close: () => void }) {
  const { t } = useTranslation("networks");
  const names = useNetworkNames();
  const outside = useAll(NETWORK, { "router:external": "true" }).data ?? [];
  const [picked, setPicked] = useState<string | null>(null);
  const [target, setTarget] = useState<Target | null>(null);
  const [description, setDescription] = useState("");
  const networkId = picked ?? outside[0]?.id ?? null;
  const change = useChange(
    () =>
      create(FLOATING_IP, {
        floating_network_id: networkId,
        ...(description && { description }),
        ...(target && { port_id: target.portId, fixed_ip_address: target.address }),
      }),
    FLOATING_IP.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("fip.allocate")}
      done={t("fip.allocated")}
      disabled={!networkId}
      cli={openstack(
        ...["floating", "ip", "create"],
        ...(target ? ["--port", target.portId, "--fixed-ip-address", target.address] : []),
        ...(description ? ["--description", description] : []),
        (networkId && names.get(networkId)) || "NETWORK",
      )}
    >
      <Select
        label={t("fip.from")}
        required
        allowDeselect={false}
        data={outside.map((one) => ({ value: one.id, label: label(one) }))}
        value={networkId}
        onChange={setPicked}
      />
      <TargetChoice value={target} onChange={setTarget} />
      <TextInput
        label={t("description")}
        maxLength={255}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </FormFrame>
  );
}

interface AssociateProps {
  floatingIp: FloatingIpFull;
  close: () => void;
}

export function AssociateForm({ floatingIp, close }: AssociateProps) {
  const { t } = useTranslation("networks");
  const [target, setTarget] = useState<Target | null>(null);
  const change = useChange(
    (to: Target) =>
      update(FLOATING_IP, floatingIp.id, { port_id: to.portId, fixed_ip_address: to.address }),
    FLOATING_IP.stale,
  );
  const address = floatingIp.floating_ip_address;
  return (
    <FormFrame
      submit={async () => target && (await change.mutateAsync(target))}
      close={close}
      verb={t("fip.associate")}
      done={t("fip.associated", { address, to: target?.address ?? "" })}
      disabled={!target}
      cli={openstack(
        ...["floating", "ip", "set", "--port", target?.portId ?? "PORT"],
        ...(target ? ["--fixed-ip-address", target.address] : []),
        address,
      )}
    >
      <TargetChoice value={target} onChange={setTarget} required />
    </FormFrame>
  );
}

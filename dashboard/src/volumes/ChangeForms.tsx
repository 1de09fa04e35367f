// A larger volume, one of another type, and a state as an administrator says it is.
import { NumberInput, Select, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange, useList } from "../api/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { cliWords, label } from "./hooks";
import type { Volume } from "./models";
import { poolList, typeList } from "./queries";
import { type Kind, VOLUME, act } from "./things";

interface Props {
  volume: Volume;
  close: () => void;
}

export function ExtendForm({ volume, close }: Props) {
  const { t } = useTranslation("volumes");
  const [size, setSize] = useState<number | null>(volume.size + 1);
  const attached = volume.status === "in-use";
  const change = useChange(
    () => act(VOLUME, volume.id, "os-extend", { new_size: size }),
    VOLUME.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("extend")}
      done={t("asked", { verb: t("extend"), name: label(volume) })}
      disabled={size === null || size <= volume.size}
      cli={openstack(
        ...(attached ? ["--os-volume-api-version", "3.42"] : []),
        ...["volume", "set", "--size", size ?? "GIB", volume.id],
      )}
    >
      <NumberInput
        label={t("extend.size")}
        description={t(attached ? "extend.attached" : "extend.about", { size: volume.size })}
        suffix=" GiB"
        required
        min={volume.size + 1}
        allowDecimal={false}
        allowNegative={false}
        value={size ?? ""}
        onChange={(value) => setSize(typeof value === "number" ? value : null)}
        data-autofocus
      />
    </FormFrame>
  );
}

export function RetypeForm({ volume, close }: Props) {
  const { t } = useTranslation("volumes");
  const types = useList(typeList()).data ?? [];
  const [type, setType] = useState<string | null>(null);
  const [policy, setPolicy] = useState("never");
  const change = useChange(
    () => act(VOLUME, volume.id, "os-retype", { new_type: type, migration_policy: policy }),
    VOLUME.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("retype")}
      done={t("asked", { verb: t("retype"), name: label(volume) })}
      disabled={!type}
      cli={openstack(
        ...["volume", "set", "--type", type ?? "TYPE"],
        ...(policy === "never" ? [] : ["--retype-policy", policy]),
        volume.id,
      )}
    >
      <Select
        label={t("retype.type")}
        required
        allowDeselect={false}
        data={types.map((one) => one.name).filter((one) => one !== volume.volume_type)}
        nothingFoundMessage={t("retype.none")}
        placeholder={volume.volume_type ?? undefined}
        value={type}
        onChange={setType}
        data-autofocus
      />
      <Select
        label={t("retype.policy")}
        description={t("retype.policyAbout")}
        allowDeselect={false}
        data={[
          { value: "never", label: t("retype.never") },
          { value: "on-demand", label: t("retype.onDemand") },
        ]}
        value={policy}
        onChange={(value) => setPolicy(value ?? "never")}
      />
    </FormFrame>
  );
}

/** To another backend's pool, data and all. */
export function MigrateForm({ volume, close }: Props) {
  const { t } = useTranslation("volumes");
  const pools = useList(poolList()).data ?? [];
  const others = pools.filter((one) => one !== volume["os-vol-host-attr:host"]);
  const [host, setHost] = useState<string | null>(null);
  const change = useChange(
    () => act(VOLUME, volume.id, "os-migrate_volume", { host }),
    VOLUME.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("migrate")}
      done={t("asked", { verb: t("migrate"), name: label(volume) })}
      disabled={!host}
      cli={openstack("volume", "migrate", "--host", host ?? "POOL", volume.id)}
    >
      <Text size="sm">{t("migrate.about")}</Text>
      <Select
        label={t("migrate.to")}
        description={others.length === 0 && t("migrate.none")}
        required
        allowDeselect={false}
        data={others}
        placeholder={volume["os-vol-host-attr:host"] ?? undefined}
        value={host}
        onChange={setHost}
        data-autofocus
      />
    </FormFrame>
  );
}

const STATES = {
  volume: ["available", "error", "in-use", "creating", "deleting", "attaching", "detaching"],
  snapshot: ["available", "error", "creating", "deleting", "error_deleting"],
  backup: ["available", "error"],
};

interface StateProps<T> {
  what: Kind<T, keyof typeof STATES>;
  thing: { id: string; name: string | null; status: string };
  close: () => void;
}

/** What the cloud believes is changed, and nothing else. */
export function StateForm<T>({ what, thing, close }: StateProps<T>) {
  const { t } = useTranslation("volumes");
  const [status, setStatus] = useState<string | null>("available");
  const change = useChange(() => act(what, thing.id, "os-reset_status", { status }), what.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("reset")}
      danger
      done={t("asked", { verb: t("reset"), name: label(thing) })}
      cli={openstack(...cliWords(what), "set", "--state", status, thing.id)}
    >
      <Text size="sm">{t("reset.about", { state: thing.status })}</Text>
      <Select
        label={t("reset.state")}
        allowDeselect={false}
        data={STATES[what.one]}
        value={status}
        onChange={setStatus}
        data-autofocus
      />
    </FormFrame>
  );
}

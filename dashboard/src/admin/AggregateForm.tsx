// An aggregate's name and zone, the hosts that come into it, and its metadata.
import { MultiSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useChange, useList } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { FormFrame } from "../parts/form";
import { PairsForm } from "../parts/Pairs";
import { forEach } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import {
  ZONE,
  addHost,
  createAggregate,
  ownMetadata,
  setMetadata,
  updateAggregate,
} from "./aggregates";
import type { Aggregate } from "./models";
import { serviceList } from "./queries";

const OF_HOSTS = "nova-compute";

interface Props {
  /** Without it, a new one. */
  aggregate?: Aggregate;
  close: () => void;
}

export function AggregateForm({ aggregate, close }: Props) {
  const { t } = useTranslation("admin");
  const [name, setName] = useState(aggregate?.name ?? "");
  const [zone, setZone] = useState(aggregate?.availability_zone ?? "");
  const said = { name: name.trim(), availability_zone: zone.trim() || null };
  const change = useChange(
    () => (aggregate ? updateAggregate(aggregate.id, said) : createAggregate(said)),
    [keys.aggregates],
  );
  const words = said.name || "NAME";
  const inZone = said.availability_zone ? ["--zone", said.availability_zone] : [];
  const cli = aggregate
    ? [
        openstack("aggregate", "set", "--name", words, ...inZone, aggregate.id),
        !said.availability_zone &&
          aggregate.availability_zone !== null &&
          openstack("aggregate", "unset", "--property", ZONE, aggregate.id),
      ].filter((one) => one !== false)
    : openstack("aggregate", "create", ...inZone, words);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t(aggregate ? "save" : "create")}
      disabled={!said.name || said.availability_zone?.includes(":")}
      cli={cli}
    >
      <TextInput
        label={t("name")}
        value={name}
        maxLength={255}
        required
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t("zone")}
        description={t("zone.text")}
        value={zone}
        maxLength={255}
        error={zone.includes(":") && t("zone.colon")}
        onChange={(event) => setZone(event.currentTarget.value)}
      />
    </FormFrame>
  );
}

export function HostsForm({ aggregate, close }: { aggregate: Aggregate; close: () => void }) {
  const { t } = useTranslation("admin");
  const services = useList(serviceList());
  const [chosen, setChosen] = useState<string[]>([]);
  const hosts = (services.data ?? [])
    .filter((one) => one.binary === OF_HOSTS && !aggregate.hosts.includes(one.host))
    .map((one) => one.host);
  const add = useChange(
    () => forEach(chosen, (host) => addHost(aggregate.id, host)),
    [keys.aggregates],
  );
  const wanted = chosen.length > 0 ? chosen : ["HOST"];
  return (
    <FormFrame
      submit={() => add.mutateAsync(undefined)}
      close={close}
      verb={t("add")}
      disabled={chosen.length === 0}
      cli={wanted.map((host) => openstack("aggregate", "add", "host", aggregate.id, host))}
    >
      {services.error && <ErrorAlert error={services.error} />}
      <MultiSelect
        label={t("hosts")}
        data={[...new Set(hosts)]}
        value={chosen}
        onChange={setChosen}
        nothingFoundMessage={t("aggregates.noHosts")}
        searchable
        required
      />
    </FormFrame>
  );
}

export function MetadataForm({ aggregate, close }: { aggregate: Aggregate; close: () => void }) {
  const { t } = useTranslation("admin");
  return (
    <PairsForm
      label={t("metadata")}
      before={ownMetadata(aggregate)}
      words={["aggregate"]}
      id={aggregate.id}
      save={({ set, gone }) => {
        const taken = Object.fromEntries(gone.map((key) => [key, null]));
        return setMetadata(aggregate.id, { ...set, ...taken });
      }}
      stale={[keys.aggregates]}
      close={close}
    />
  );
}

// Data that lies in a backend becomes a volume or a snapshot of the cloud's, and goes back to be none.
import { Select, Switch, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { type ListSpec, useChange, useList } from "../api/queries";
import { confirm } from "../parts/confirm";
import { FormFrame } from "../parts/form";
import { NameFields, useSaid } from "../parts/NameFields";
import { openstack } from "../parts/shell_words";
import { cliWords, label } from "./hooks";
import type { Manageable, Snapshot, Volume } from "./models";
import { manageableSnapshots, manageableVolumes, typeList, volumeServices } from "./queries";
import { type Kind, SNAPSHOT, VOLUME, act } from "./things";

interface Close {
  close: () => void;
}

/** The service whose backend is looked into; the first one, until another is chosen. */
function useHost() {
  const services = useList(volumeServices()).data ?? [];
  const hosts = services.filter((one) => one.binary === "cinder-volume").map((one) => one.host);
  const [chosen, setHost] = useState<string | null>(null);
  return { hosts, host: chosen ?? hosts[0] ?? null, setHost };
}

interface SourceProps {
  hosts: string[];
  host: string | null;
  setHost: (host: string | null) => void;
  found: (host: string) => ListSpec<Manageable>;
  source: Manageable | null;
  setSource: (source: Manageable | null) => void;
}

function Source({ hosts, host, setHost, found, source, setSource }: SourceProps) {
  const { t } = useTranslation("volumes");
  const kept = useList(found(host ?? ""), { enabled: host !== null });
  const all = kept.data ?? [];
  return (
    <>
      <Text size="sm">{t("manage.about")}</Text>
      <Select
        label={t("backend")}
        allowDeselect={false}
        data={hosts}
        value={host}
        onChange={(value) => {
          setHost(value);
          setSource(null);
        }}
      />
      <Select
        label={t("manage.source")}
        description={kept.data?.length === 0 && t("manage.none")}
        error={kept.error?.message}
        required
        searchable
        allowDeselect={false}
        data={all.map((one) => ({
          value: one.reference["source-name"],
          label: `${one.reference["source-name"]} (${one.size} GiB)`,
        }))}
        value={source?.reference["source-name"] ?? null}
        onChange={(name) =>
          setSource(all.find((one) => one.reference["source-name"] === name) ?? null)
        }
      />
    </>
  );
}

export function ManageVolume({ close }: Close) {
  const { t } = useTranslation("volumes");
  const { host, ...choice } = useHost();
  const types = useList(typeList()).data ?? [];
  const [source, setSource] = useState<Manageable | null>(null);
  const [said, setSaid] = useSaid();
  const [type, setType] = useState<string | null>(null);
  const [bootable, setBootable] = useState(false);
  const change = useChange(() => {
    const body = { ...said, host, ref: source?.reference, volume_type: type, bootable };
    return done(api.POST("/manageable_volumes", { body: { volume: body } as never }));
  }, VOLUME.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("manage")}
      disabled={!source}
      cli={openstack(
        ...["volume", "create", "--host", host ?? "HOST"],
        ...["--remote-source", `source-name=${source?.reference["source-name"] ?? "SOURCE"}`],
        ...(type ? ["--type", type] : []),
        bootable && "--bootable",
        ...(said.description ? ["--description", said.description] : []),
        said.name || "NAME",
      )}
    >
      <Source
        {...choice}
        host={host}
        found={manageableVolumes}
        source={source}
        setSource={setSource}
      />
      <NameFields said={said} set={setSaid} />
      <Select
        label={t("type")}
        clearable
        clearButtonProps={{ "aria-label": t("clear") }}
        data={types.map((one) => one.name)}
        value={type}
        onChange={setType}
      />
      <Switch
        label={t("bootable")}
        checked={bootable}
        onChange={(event) => setBootable(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

export function ManageSnapshot({ close }: Close) {
  const { t } = useTranslation("volumes");
  const { host, ...choice } = useHost();
  const [source, setSource] = useState<Manageable | null>(null);
  const [said, setSaid] = useSaid();
  const of = source?.source_reference?.["source-id"];
  const change = useChange(() => {
    const body = { ...said, volume_id: of, ref: source?.reference };
    return done(api.POST("/manageable_snapshots", { body: { snapshot: body } as never }));
  }, SNAPSHOT.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("manage")}
      disabled={!source}
      cli={openstack(
        ...["volume", "snapshot", "create", "--volume", of ?? "VOLUME"],
        ...["--remote-source", `source-name=${source?.reference["source-name"] ?? "SOURCE"}`],
        ...(said.description ? ["--description", said.description] : []),
        said.name || "NAME",
      )}
    >
      <Source
        {...choice}
        host={host}
        found={manageableSnapshots}
        source={source}
        setSource={setSource}
      />
      <NameFields said={said} set={setSaid} />
    </FormFrame>
  );
}

/** Asks, and lets go of it: its data stays where it is. */
export function useUnmanage() {
  const { t } = useTranslation("volumes");
  const client = useQueryClient();
  return (what: Kind<Volume, "volume"> | Kind<Snapshot, "snapshot">, thing: Volume | Snapshot) =>
    confirm({
      title: t("unmanage.ask", { name: label(thing) }),
      text: t("unmanage.about"),
      verb: t("unmanage"),
      danger: true,
      cli: openstack(...cliWords(what), "delete", "--remote", thing.id),
      work: async () => {
        await act<unknown>(what, thing.id, "os-unmanage");
        await Promise.all(what.stale.map((queryKey) => client.invalidateQueries({ queryKey })));
      },
      done: t("asked", { verb: t("unmanage"), name: label(thing) }),
    });
}

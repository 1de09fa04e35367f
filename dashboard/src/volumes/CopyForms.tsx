// What is made of a volume: a snapshot, a backup, an image; and a volume of a backup.
import { Select, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { isAdmin, useSession } from "../api/session";
import { DISK_FORMATS, VISIBILITIES } from "../images/words";
import { FormFrame } from "../parts/form";
import { NameFields, useSaid } from "../parts/NameFields";
import { openstack } from "../parts/shell_words";
import { label, useAll } from "./hooks";
import type { Backup, Snapshot, Volume } from "./models";
import { BACKUP, SNAPSHOT, VOLUME, act, create } from "./things";

interface Props {
  volume: Volume;
  close: () => void;
}

interface TextProps {
  label: string;
  value: string;
  set: (value: string) => void;
  first?: boolean;
  required?: boolean;
}

function Words({ label: said, value, set, first, required }: TextProps) {
  return (
    <TextInput
      label={said}
      maxLength={255}
      required={required}
      value={value}
      onChange={(event) => set(event.currentTarget.value)}
      data-autofocus={first}
    />
  );
}

export function SnapshotForm({ volume, close }: Props) {
  const { t } = useTranslation("volumes");
  const [said, setSaid] = useSaid();
  const { name, description } = said;
  const body = { volume_id: volume.id, name: name.trim(), description };
  const change = useChange(() => create(SNAPSHOT, body), SNAPSHOT.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      done={t("asked", { verb: t("snapshot.create"), name: name || t("unnamed") })}
      cli={openstack(
        ...["volume", "snapshot", "create", "--volume", volume.id],
        volume.status === "in-use" && "--force",
        ...(description ? ["--description", description] : []),
        name.trim() || "NAME",
      )}
    >
      {volume.status === "in-use" && <p style={{ margin: 0 }}>{t("snapshot.inUse")}</p>}
      <NameFields said={said} set={setSaid} />
    </FormFrame>
  );
}

interface BackupProps {
  /** Whose backup; asked for, without it. */
  volume?: Volume;
  /** The moment to keep, instead of now. */
  snapshot?: Snapshot;
  close: () => void;
}

export function BackupForm({ volume, snapshot, close }: BackupProps) {
  const { t } = useTranslation("volumes");
  const given = volume?.id ?? snapshot?.volume_id ?? null;
  const volumes = useAll(VOLUME).data ?? [];
  const [chosen, setChosen] = useState<string | null>(given);
  const earlier = useAll(BACKUP).data ?? [];
  const isFirst = !earlier.some((one) => one.volume_id === chosen && one.status === "available");
  const [said, setSaid] = useSaid();
  const { name, description } = said;
  const [wanted, setIncremental] = useState(false);
  const incremental = wanted && !isFirst;
  const whose = volumes.find((one) => one.id === chosen) ?? volume;
  const force = whose?.status === "in-use";
  const change = useChange(
    () =>
      create(BACKUP, {
        volume_id: chosen,
        name: name.trim() || null,
        description: description || null,
        incremental,
        force,
        ...(snapshot && { snapshot_id: snapshot.id }),
      }),
    BACKUP.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      done={t("asked", { verb: t("backup.create"), name: name || t("unnamed") })}
      disabled={!chosen}
      cli={openstack(
        ...["volume", "backup", "create"],
        ...(name.trim() ? ["--name", name.trim()] : []),
        ...(description ? ["--description", description] : []),
        incremental && "--incremental",
        force && "--force",
        ...(snapshot ? ["--snapshot", snapshot.id] : []),
        chosen ?? "VOLUME",
      )}
    >
      {given === null && (
        <Select
          label={t("volume")}
          required
          searchable
          allowDeselect={false}
          nothingFoundMessage={t("source.none")}
          data={volumes
            .filter((one) => one.status === "available" || one.status === "in-use")
            .map((one) => ({ value: one.id, label: `${label(one)} (${one.size} GiB)` }))}
          value={chosen}
          onChange={setChosen}
        />
      )}
      <NameFields said={said} set={setSaid} />
      <Switch
        label={t("backup.incremental")}
        description={t(isFirst ? "backup.incrementalFirst" : "backup.incrementalAbout")}
        disabled={isFirst}
        checked={incremental}
        onChange={(event) => setIncremental(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

export function RestoreForm({ backup, close }: { backup: Backup; close: () => void }) {
  const { t } = useTranslation("volumes");
  const volumes = useAll(VOLUME).data ?? [];
  const [target, setTarget] = useState<string | null>(null);
  const [name, setName] = useState("");
  const fitting = volumes.filter((one) => one.status === "available" && one.size >= backup.size);
  const change = useChange(() => {
    const params = { path: { backup_id: backup.id } };
    const restore = { volume_id: target, name: (target === null && name.trim()) || null };
    const body = { restore };
    return done(api.POST("/backups/{backup_id}/restore", { params, body }));
  }, BACKUP.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("restore")}
      danger={target !== null}
      done={t("asked", { verb: t("restore"), name: label(backup) })}
      cli={openstack(
        ...["volume", "backup", "restore"],
        target && "--force",
        backup.id,
        target ?? name.trim(),
      )}
    >
      <Select
        label={t("restore.into")}
        description={target ? t("restore.over") : undefined}
        clearable
        clearButtonProps={{ "aria-label": t("clear") }}
        placeholder={t("restore.new")}
        data={fitting.map((one) => ({ value: one.id, label: `${label(one)} (${one.size} GiB)` }))}
        value={target}
        onChange={setTarget}
      />
      {target === null && <Words label={t("restore.name")} value={name} set={setName} />}
    </FormFrame>
  );
}

export function UploadForm({ volume, close }: Props) {
  const { t } = useTranslation(["volumes", "images"]);
  const admin = isAdmin(useSession());
  const [name, setName] = useState(volume.name ?? "");
  const [format, setFormat] = useState<string | null>("qcow2");
  const [visibility, setVisibility] = useState<string | null>("private");
  const force = volume.status === "in-use";
  const change = useChange(
    () =>
      act(VOLUME, volume.id, "os-volume_upload_image", {
        image_name: name.trim(),
        disk_format: format,
        container_format: "bare",
        visibility,
        force,
      }),
    [...VOLUME.stale, keys.images],
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("upload")}
      done={t("asked", { verb: t("upload"), name: label(volume) })}
      disabled={!name.trim()}
      cli={openstack(
        ...["image", "create", "--volume", volume.id, force && "--force"],
        ...["--disk-format", format, `--${visibility ?? "private"}`, name.trim() || "NAME"],
      )}
    >
      <Words label={t("upload.name")} value={name} set={setName} first required />
      <Select
        label={t("images:format")}
        allowDeselect={false}
        data={DISK_FORMATS.filter((one) => one !== "iso" && one !== "ploop")}
        value={format}
        onChange={setFormat}
      />
      <Select
        label={t("images:visibility")}
        allowDeselect={false}
        data={VISIBILITIES.filter((one) => admin || one !== "public").map((one) => ({
          value: one,
          label: t(`images:visibility.${one}`),
        }))}
        value={visibility}
        onChange={setVisibility}
      />
    </FormFrame>
  );
}

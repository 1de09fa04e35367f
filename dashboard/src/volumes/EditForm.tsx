// What is said of a volume, and how it may be used; only what was changed is sent.
import { Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { NameFields, useSaid } from "../parts/NameFields";
import { openstack } from "../parts/shell_words";
import { cliWords } from "./hooks";
import type { Backup, Snapshot, Volume, VolumeGroup } from "./models";
import { type Kind, VOLUME, act, update } from "./things";

export const isReadonly = (one: Volume): boolean => one.metadata.readonly === "True";

export function VolumeEdit({ volume, close }: { volume: Volume; close: () => void }) {
  const { t } = useTranslation("volumes");
  const [said, setSaid] = useSaid(volume);
  const { name, description } = said;
  const [bootable, setBootable] = useState(volume.bootable === "true");
  const [readonly, setReadonly] = useState(isReadonly(volume));
  const says = {
    ...(name !== (volume.name ?? "") && { name }),
    ...(description !== (volume.description ?? "") && { description }),
  };
  const boots = bootable !== (volume.bootable === "true");
  const locks = readonly !== isReadonly(volume);
  const changed = Object.keys(says).length > 0 || boots || locks;
  const change = useChange(async () => {
    if (Object.keys(says).length > 0) await update(VOLUME, volume.id, says);
    if (boots) await act(VOLUME, volume.id, "os-set_bootable", { bootable });
    if (locks) await act(VOLUME, volume.id, "os-update_readonly_flag", { readonly });
  }, VOLUME.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      disabled={!changed}
      cli={openstack(
        ...["volume", "set"],
        ...(says.name === undefined ? [] : ["--name", name]),
        ...(says.description === undefined ? [] : ["--description", description]),
        boots && (bootable ? "--bootable" : "--non-bootable"),
        locks && (readonly ? "--read-only" : "--read-write"),
        volume.id,
      )}
    >
      <NameFields said={said} set={setSaid} />
      <Switch
        label={t("bootable")}
        description={t("bootable.about")}
        checked={bootable}
        onChange={(event) => setBootable(event.currentTarget.checked)}
      />
      <Switch
        label={t("readonly")}
        description={t("readonly.about")}
        disabled={volume.status !== "available"}
        checked={readonly}
        onChange={(event) => setReadonly(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

interface Named<T> {
  what: Kind<T>;
  thing: T;
  close: () => void;
}

/** Name and description of a snapshot, a backup or a group. */
export function NamedEdit<T extends Snapshot | Backup | VolumeGroup>({
  what,
  thing,
  close,
}: Named<T>) {
  const { t } = useTranslation("volumes");
  const [said, setSaid] = useSaid(thing);
  const { name, description } = said;
  const change = useChange(() => update(what, thing.id, { name, description }), what.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      cli={openstack(
        ...[...cliWords(what), "set", "--name", name],
        ...(description ? ["--description", description] : []),
        thing.id,
      )}
    >
      <NameFields said={said} set={setSaid} />
    </FormFrame>
  );
}

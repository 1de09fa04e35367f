// A volume type, what it asks for, who may use it, how its volumes are kept secret and how fast.
import { Select, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { useChange, useList } from "../api/queries";
import { PROJECT, listOf as identityList } from "../identity/things";
import { Facts } from "../parts/Facts";
import { FormFrame } from "../parts/form";
import { SpecLines } from "../parts/SpecLines";
import { openstack } from "../parts/shell_words";
import { changesOf, toLines } from "../parts/spec_lines";
import type { VolumeType } from "./models";
import { qosList } from "./queries";
import { VOLUME_TYPE, act, create, update } from "./things";

interface Props {
  type: VolumeType;
  close: () => void;
}

/** A new type, or the words about one that is. */
export function TypeForm({ type, close }: { type?: VolumeType; close: () => void }) {
  const { t } = useTranslation("volumes");
  const [name, setName] = useState(type?.name ?? "");
  const [description, setDescription] = useState(type?.description ?? "");
  const [isPublic, setPublic] = useState(type?.is_public ?? true);
  const said = { name: name.trim(), description };
  const change = useChange(async () => {
    if (type) await update(VOLUME_TYPE, type.id, { ...said, is_public: isPublic });
    else await create(VOLUME_TYPE, { ...said, "os-volume-type-access:is_public": isPublic });
  }, VOLUME_TYPE.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t(type ? "save" : "create")}
      done={type && t("saved")}
      disabled={!name.trim()}
      cli={openstack(
        ...["volume", "type", type ? "set" : "create"],
        isPublic ? "--public" : "--private",
        ...(description ? ["--description", description] : []),
        ...(type ? ["--name", name.trim(), type.id] : [name.trim() || "NAME"]),
      )}
    >
      <TextInput
        label={t("name")}
        required
        maxLength={255}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t("description")}
        maxLength={255}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <Switch
        label={t("type.public")}
        checked={isPublic}
        onChange={(event) => setPublic(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

export function SpecsForm({ type, close }: Props) {
  const { t } = useTranslation("volumes");
  const [text, setText] = useState(() => toLines(type.extra_specs));
  const { set: fresh, gone, wrong } = changesOf(type.extra_specs, text);
  const change = useChange(async () => {
    const path = { volume_type_id: type.id };
    if (Object.keys(fresh).length > 0) {
      const body = { extra_specs: fresh };
      await done(api.POST("/types/{volume_type_id}/extra_specs", { params: { path }, body }));
    }
    for (const key of gone) {
      const params = { path: { ...path, key } };
      await done(api.DELETE("/types/{volume_type_id}/extra_specs/{key}", { params }));
    }
  }, VOLUME_TYPE.stale);
  const set = Object.entries(fresh).flatMap(([key, value]) => ["--property", `${key}=${value}`]);
  const unset = gone.flatMap((key) => ["--property", key]);
  const cli = [
    set.length > 0 && openstack("volume", "type", "set", ...set, type.id),
    unset.length > 0 && openstack("volume", "type", "unset", ...unset, type.id),
  ].filter((one) => one !== false);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      disabled={wrong !== undefined || cli.length === 0}
      cli={cli.length > 0 ? cli : undefined}
    >
      <SpecLines label={t("specs")} text={text} setText={setText} wrong={wrong} />
    </FormFrame>
  );
}

/** A project that may use a type which is not for all. */
export function AccessForm({ type, has, close }: Props & { has: string[] }) {
  const { t } = useTranslation("volumes");
  const projects = useList(identityList(PROJECT)).data ?? [];
  const [project, setProject] = useState<string | null>(null);
  const change = useChange(
    () => act(VOLUME_TYPE, type.id, "addProjectAccess", { project }),
    VOLUME_TYPE.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("access.add")}
      disabled={!project}
      cli={openstack("volume", "type", "set", "--project", project ?? "PROJECT", type.id)}
    >
      <Select
        label={t("project")}
        required
        searchable
        allowDeselect={false}
        data={projects
          .filter((one) => !has.includes(one.id))
          .map((one) => ({ value: one.id, label: one.name }))}
        value={project}
        onChange={setProject}
        data-autofocus
      />
    </FormFrame>
  );
}

/** The QoS specs that the type's volumes follow. */
export function QosForm({ type, close }: Props) {
  const { t } = useTranslation("volumes");
  const specs = useList(qosList()).data ?? [];
  const before = type.qos_specs_id ?? null;
  const [chosen, setChosen] = useState<string | null>(before);
  const change = useChange(async () => {
    const query = { vol_type_id: type.id };
    const asked = (id: string) => ({ params: { path: { qos_id: id }, query } }) as never;
    if (before) await done(api.GET("/qos-specs/{qos_id}/disassociate", asked(before)));
    if (chosen) await done(api.GET("/qos-specs/{qos_id}/associate", asked(chosen)));
  }, VOLUME_TYPE.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      disabled={chosen === before}
      cli={
        chosen
          ? openstack("volume", "qos", "associate", chosen, type.id)
          : openstack("volume", "qos", "disassociate", "--volume-type", type.id, before)
      }
    >
      <Select
        label={t("qos")}
        description={specs.length === 0 ? t("qos.empty") : undefined}
        clearable
        clearButtonProps={{ "aria-label": t("clear") }}
        placeholder={t("none")}
        data={specs.map((one) => ({ value: one.id, label: one.name }))}
        value={chosen}
        onChange={setChosen}
        data-autofocus
      />
    </FormFrame>
  );
}

const CIPHER = "aes-xts-plain64";
const KEY_SIZES = ["256", "512"];

/** New volumes of the type are written encrypted; those that are stay as they are. */
export function EncryptionForm({ type, close }: Props) {
  const { t } = useTranslation("volumes");
  const [bits, setBits] = useState<string | null>("256");
  const encryption = {
    provider: "luks",
    cipher: CIPHER,
    key_size: Number(bits),
    control_location: "front-end" as const,
  };
  const change = useChange(() => {
    const params = { path: { volume_type_id: type.id } };
    return done(api.POST("/types/{volume_type_id}/encryption", { params, body: { encryption } }));
  }, VOLUME_TYPE.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("encryption.set")}
      done={t("saved")}
      cli={openstack(
        ...["volume", "type", "set", "--encryption-provider", "luks"],
        ...["--encryption-cipher", CIPHER, "--encryption-key-size", bits],
        ...["--encryption-control-location", "front-end", type.id],
      )}
    >
      <Text size="sm">{t("encryption.about")}</Text>
      <Facts facts={[[t("encryption.cipher"), CIPHER]]} />
      <Select
        label={t("encryption.bits")}
        allowDeselect={false}
        data={KEY_SIZES}
        value={bits}
        onChange={setBits}
      />
    </FormFrame>
  );
}

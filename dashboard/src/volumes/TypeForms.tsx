// A volume type, what it asks for, who may use it, how its volumes are kept secret and how fast.
import { Select, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { useChange, useList } from "../api/queries";
import { PROJECT, listOf as identityList } from "../identity/things";
import { Facts } from "../parts/Facts";
import { FormFrame } from "../parts/form";
import { NameFields, useSaid } from "../parts/NameFields";
import { PairsForm } from "../parts/Pairs";
import { openstack } from "../parts/shell_words";
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
  const [said, setSaid] = useSaid(type);
  const name = said.name.trim();
  const [isPublic, setPublic] = useState(type?.is_public ?? true);
  const change = useChange(async () => {
    const words = { ...said, name };
    if (type) await update(VOLUME_TYPE, type.id, { ...words, is_public: isPublic });
    else await create(VOLUME_TYPE, { ...words, "os-volume-type-access:is_public": isPublic });
  }, VOLUME_TYPE.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t(type ? "save" : "create")}
      done={type && t("saved")}
      disabled={!name}
      cli={openstack(
        ...["volume", "type", type ? "set" : "create"],
        isPublic ? "--public" : "--private",
        ...(said.description ? ["--description", said.description] : []),
        ...(type ? ["--name", name, type.id] : [name || "NAME"]),
      )}
    >
      <NameFields said={said} set={setSaid} required />
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
  return (
    <PairsForm
      label={t("specs")}
      before={type.extra_specs}
      words={["volume", "type"]}
      id={type.id}
      save={async ({ set, gone }) => {
        const path = { volume_type_id: type.id };
        if (Object.keys(set).length > 0) {
          const body = { extra_specs: set };
          await done(api.POST("/types/{volume_type_id}/extra_specs", { params: { path }, body }));
        }
        for (const key of gone) {
          const params = { path: { ...path, key } };
          await done(api.DELETE("/types/{volume_type_id}/extra_specs/{key}", { params }));
        }
      }}
      stale={VOLUME_TYPE.stale}
      close={close}
    />
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

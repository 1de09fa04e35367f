// Groups of volumes in forms: a new one, a copy, the volumes in it, its snapshot; and their types.
import { MultiSelect, Select, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { useChange, useList } from "../api/queries";
import { FormFrame } from "../parts/form";
import { NameFields, type Said, useSaid } from "../parts/NameFields";
import { PairsForm } from "../parts/Pairs";
import { openstack } from "../parts/shell_words";
import { cliWords, label, useAll } from "./hooks";
import type { GroupSnapshot, GroupType, VolumeGroup } from "./models";
import { groupTypeList, typeList } from "./queries";
import { GROUP_SNAPSHOT, GROUP_TYPE, VOLUME, VOLUME_GROUP, act, create, update } from "./things";

interface Close {
  close: () => void;
}

function saidWords({ name, description }: Said): string[] {
  return [
    ...(name ? ["--name", name] : []),
    ...(description ? ["--description", description] : []),
  ];
}

export function GroupForm({ close }: Close) {
  const { t } = useTranslation("volumes");
  const types = useList(groupTypeList()).data ?? [];
  const kinds = useList(typeList()).data ?? [];
  const [said, setSaid] = useSaid();
  const [type, setType] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string[]>([]);
  const change = useChange(
    () => create(VOLUME_GROUP, { ...said, group_type: type, volume_types: chosen }),
    VOLUME_GROUP.stale,
  );
  const wanted = chosen.length > 0 ? chosen : ["TYPE"];
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      disabled={!type || chosen.length === 0}
      cli={openstack(
        ...[...cliWords(VOLUME_GROUP), "create", "--volume-group-type", type ?? "GROUP-TYPE"],
        ...wanted.flatMap((one) => ["--volume-type", one]),
        ...saidWords(said),
      )}
    >
      <NameFields said={said} set={setSaid} />
      <Select
        label={t("group.type")}
        description={types.length === 0 && t("group.noType")}
        required
        allowDeselect={false}
        data={types.map((one) => ({ value: one.id, label: one.name }))}
        value={type}
        onChange={setType}
      />
      <MultiSelect
        label={t("group.volumeTypes")}
        description={t("group.volumeTypesAbout")}
        searchable
        required
        data={kinds.map((one) => ({ value: one.id, label: one.name }))}
        value={chosen}
        onChange={setChosen}
      />
    </FormFrame>
  );
}

/** A group with a copy of each volume, as they are or as they were at a snapshot. */
export function GroupCopyForm({
  group,
  snapshot,
  close,
}: Close & { group?: VolumeGroup; snapshot?: GroupSnapshot }) {
  const { t } = useTranslation("volumes");
  const [said, setSaid] = useSaid();
  const source = snapshot
    ? { group_snapshot_id: snapshot.id }
    : { source_group_id: group?.id ?? "" };
  const change = useChange(() => {
    const body = { "create-from-src": { ...said, ...source } };
    return done(api.POST("/groups/action", { body: body as never }));
  }, VOLUME_GROUP.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      cli={openstack(
        ...[...cliWords(VOLUME_GROUP), "create", ...saidWords(said)],
        ...(snapshot ? ["--group-snapshot", snapshot.id] : ["--source-group", group?.id ?? ""]),
      )}
    >
      <Text size="sm">{t("group.copyAbout")}</Text>
      <NameFields said={said} set={setSaid} />
    </FormFrame>
  );
}

/** Which volumes are in it: those of its types, at rest and in no other group. */
export function GroupVolumesForm({ group, close }: Close & { group: VolumeGroup }) {
  const { t } = useTranslation("volumes");
  const volumes = useAll(VOLUME).data ?? [];
  const [chosen, setChosen] = useState(group.volumes);
  const fitting = volumes.filter(
    (one) =>
      group.volumes.includes(one.id) ||
      (!one.group_id && group.volume_types.includes(one.volume_type_id ?? "")),
  );
  const add = chosen.filter((one) => !group.volumes.includes(one)).join(",");
  const gone = group.volumes.filter((one) => !chosen.includes(one)).join(",");
  const body = { ...(add && { add_volumes: add }), ...(gone && { remove_volumes: gone }) };
  const change = useChange(() => update(VOLUME_GROUP, group.id, body), VOLUME_GROUP.stale);
  const words = [
    ...(add ? ["--add-volumes", add] : []),
    ...(gone ? ["--remove-volumes", gone] : []),
  ];
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      disabled={words.length === 0}
      cli={["cinder --os-volume-api-version 3.13 group-update", ...words, group.id].join(" ")}
    >
      <MultiSelect
        label={t("volumes")}
        description={t("group.volumesAbout")}
        searchable
        data={fitting.map((one) => ({ value: one.id, label: label(one) }))}
        value={chosen}
        onChange={setChosen}
      />
    </FormFrame>
  );
}

export function GroupSnapshotForm({ group, close }: Close & { group: VolumeGroup }) {
  const { t } = useTranslation("volumes");
  const [said, setSaid] = useSaid();
  const change = useChange(
    () => create(GROUP_SNAPSHOT, { ...said, group_id: group.id }),
    GROUP_SNAPSHOT.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      cli={openstack(...cliWords(GROUP_SNAPSHOT), "create", ...saidWords(said), group.id)}
    >
      <NameFields said={said} set={setSaid} />
    </FormFrame>
  );
}

/** A new type of groups, or the words about one that is. */
export function GroupTypeForm({ type, close }: Close & { type?: GroupType }) {
  const { t } = useTranslation("volumes");
  const [said, setSaid] = useSaid(type);
  const [isPublic, setPublic] = useState(type?.is_public ?? true);
  const name = said.name.trim();
  const body = { ...said, name, is_public: isPublic };
  const change = useChange(async () => {
    if (type) await update(GROUP_TYPE, type.id, body);
    else await create(GROUP_TYPE, body);
  }, GROUP_TYPE.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t(type ? "save" : "create")}
      disabled={!name}
      cli={openstack(
        ...[...cliWords(GROUP_TYPE), type ? "set" : "create", isPublic ? "--public" : "--private"],
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

export function GroupSpecsForm({ type, close }: Close & { type: GroupType }) {
  const { t } = useTranslation("volumes");
  return (
    <PairsForm
      label={t("group.specs")}
      before={type.group_specs ?? {}}
      words={cliWords(GROUP_TYPE)}
      id={type.id}
      noUnset
      save={async ({ set, gone }) => {
        const path = { group_type_id: type.id };
        if (Object.keys(set).length > 0) {
          const body = { group_specs: set };
          const url = "/group_types/{group_type_id}/group_specs";
          await done(api.POST(url, { params: { path }, body }));
        }
        for (const key of gone) {
          const url = "/group_types/{group_type_id}/group_specs/{key}";
          await done(api.DELETE(url, { params: { path: { ...path, key } } }));
        }
      }}
      stale={GROUP_TYPE.stale}
      close={close}
    />
  );
}

/** Asks nothing: the caller did. */
export function removeGroup(group: VolumeGroup, withVolumes: boolean): Promise<void> {
  return act(VOLUME_GROUP, group.id, "delete", { "delete-volumes": withVolumes });
}

// A new flavor, and the extra specs of one that is.
import { Autocomplete, NumberInput, SegmentedControl, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done, take } from "../api/clients";
import { keys } from "../api/keys";
import type { Flavor } from "../api/models";
import { useChange, useList } from "../api/queries";
import { nodeClasses } from "../baremetal/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { PairsForm } from "../parts/Pairs";
import { metalSpecs } from "./metal_specs";

interface NumberProps {
  label: string;
  value: number;
  set: (value: number) => void;
  min: number;
}

function Whole({ label, value, set, min }: NumberProps) {
  return (
    <NumberInput
      label={label}
      value={value}
      min={min}
      allowDecimal={false}
      required
      onChange={(said) => set(Number(said) || min)}
    />
  );
}

/** All of it or nothing: a flavor of machines without its specs would be one of guests. */
async function setSpecs(id: string, specs: Record<string, string>): Promise<void> {
  const params = { path: { flavor_id: id } };
  const body = { extra_specs: specs };
  try {
    await done(compute.POST("/flavors/{flavor_id}/os-extra_specs", { params, body }));
  } catch (problem) {
    await done(compute.DELETE("/flavors/{flavor_id}", { params })).catch(() => undefined);
    throw problem;
  }
}

export function FlavorForm({ close }: { close: () => void }) {
  const { t } = useTranslation("admin");
  const [name, setName] = useState("");
  const [vcpus, setVcpus] = useState(1);
  const [ram, setRam] = useState(512);
  const [disk, setDisk] = useState(1);
  const [isPublic, setPublic] = useState(true);
  const [metal, setMetal] = useState(false);
  const [kind, setKind] = useState("");
  const nodes = useList(nodeClasses(), { enabled: metal }).data ?? [];
  const classes = [...new Set(nodes.flatMap((one) => one.resource_class ?? []))];
  const specs = metal ? metalSpecs(kind) : {};
  const create = useChange(async () => {
    const sizes = { name: name.trim(), vcpus, ram, disk };
    const body = { flavor: { ...sizes, "os-flavor-access:is_public": isPublic } } as never;
    const made = await take<{ flavor: { id: string } }>(compute.POST("/flavors", { body }));
    if (metal) await setSpecs(made.flavor.id, specs);
  }, [keys.flavors]);
  return (
    <FormFrame
      submit={() => create.mutateAsync()}
      close={close}
      verb={t("create")}
      disabled={!name.trim() || (metal && !kind.trim())}
      cli={openstack(
        ...["flavor", "create", "--vcpus", vcpus, "--ram", ram, "--disk", String(disk)],
        ...Object.entries(specs).flatMap(([key, value]) => ["--property", `${key}=${value}`]),
        ...[isPublic ? "--public" : "--private", name.trim() || "NAME"],
      )}
    >
      <TextInput
        label={t("name")}
        value={name}
        maxLength={255}
        required
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <SegmentedControl
        aria-label={t("flavors.kind")}
        value={metal ? "metal" : "guest"}
        onChange={(said) => setMetal(said === "metal")}
        data={[
          { value: "guest", label: t("flavors.guest") },
          { value: "metal", label: t("flavors.metal") },
        ]}
      />
      {metal && (
        <Autocomplete
          label={t("flavors.class")}
          description={t("flavors.classText")}
          required
          maxLength={80}
          data={classes}
          value={kind}
          onChange={setKind}
        />
      )}
      <Whole label={t("vcpus")} value={vcpus} set={setVcpus} min={1} />
      <Whole label={t("flavors.ram")} value={ram} set={setRam} min={1} />
      <Whole label={t("flavors.disk")} value={disk} set={setDisk} min={0} />
      <Switch
        label={t("flavors.public")}
        checked={isPublic}
        onChange={(event) => setPublic(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

export function SpecsForm({ flavor, close }: { flavor: Flavor; close: () => void }) {
  const { t } = useTranslation("admin");
  return (
    <PairsForm
      label={t("flavors.specs")}
      before={flavor.extra_specs}
      words={["flavor"]}
      id={flavor.id}
      save={async ({ set, gone }) => {
        const path = { flavor_id: flavor.id };
        if (Object.keys(set).length > 0) {
          const body = { extra_specs: set };
          await done(
            compute.POST("/flavors/{flavor_id}/os-extra_specs", { params: { path }, body }),
          );
        }
        for (const key of gone) {
          const params = { path: { ...path, key } };
          await done(compute.DELETE("/flavors/{flavor_id}/os-extra_specs/{key}", { params }));
        }
      }}
      stale={[keys.flavors]}
      close={close}
    />
  );
}

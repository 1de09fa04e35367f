// An image's attributes in a form; only what was changed is sent.
import { Checkbox, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { useChange } from "../api/queries";
import { isAdmin, useSession } from "../api/session";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { type Change, changeImage, pointer } from "./actions";
import { VISIBILITIES, nameOf } from "./words";

type Editable = Pick<
  Image,
  "name" | "visibility" | "min_disk" | "min_ram" | "protected" | "os_hidden"
>;

export function changesOf(before: Image, after: Editable): Change[] {
  return (Object.keys(after) as (keyof Editable)[])
    .filter((key) => before[key] !== after[key])
    .map((key) => ({ op: "replace", path: pointer(key), value: after[key] }));
}

function cliOf(image: Image, after: Editable): string {
  const words: (string | number | false)[] = ["image", "set"];
  if (after.name !== image.name) words.push("--name", after.name ?? "");
  if (after.visibility !== image.visibility) words.push(`--${after.visibility}`);
  if (after.min_disk !== image.min_disk) words.push("--min-disk", after.min_disk);
  if (after.min_ram !== image.min_ram) words.push("--min-ram", after.min_ram);
  if (after.protected !== image.protected)
    words.push(after.protected ? "--protected" : "--unprotected");
  if (after.os_hidden !== image.os_hidden) words.push(after.os_hidden ? "--hidden" : "--unhidden");
  return openstack(...words, nameOf(image));
}

export function EditForm({ image, close }: { image: Image; close: () => void }) {
  const { t } = useTranslation("images");
  const admin = isAdmin(useSession());
  const [after, setAfter] = useState<Editable>(() => {
    const { name, visibility, min_disk, min_ram, os_hidden } = image;
    return { name, visibility, min_disk, min_ram, protected: image.protected, os_hidden };
  });
  const changes = changesOf(image, after);
  const change = useChange(() => changeImage(image.id, changes), [keys.images]);
  const number = (value: string | number) => Math.max(0, Math.floor(Number(value) || 0));
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      cli={cliOf(image, after)}
      done={t("saved")}
      disabled={changes.length === 0}
    >
      <TextInput
        label={t("name")}
        maxLength={255}
        value={after.name ?? ""}
        onChange={(event) => setAfter({ ...after, name: event.currentTarget.value })}
        data-autofocus
      />
      <Select
        label={t("visibility")}
        allowDeselect={false}
        data={VISIBILITIES.filter(
          (one) => admin || one !== "public" || image.visibility === "public",
        ).map((one) => ({ value: one, label: t(`visibility.${one}`) }))}
        value={after.visibility}
        onChange={(value) => setAfter({ ...after, visibility: value as Image["visibility"] })}
      />
      <NumberInput
        label={t("minDisk")}
        suffix=" GiB"
        min={0}
        value={after.min_disk}
        onChange={(value) => setAfter({ ...after, min_disk: number(value) })}
      />
      <NumberInput
        label={t("minRam")}
        suffix=" MiB"
        min={0}
        step={256}
        value={after.min_ram}
        onChange={(value) => setAfter({ ...after, min_ram: number(value) })}
      />
      <Checkbox
        label={t("protected")}
        checked={after.protected}
        onChange={(event) => setAfter({ ...after, protected: event.currentTarget.checked })}
      />
      <Checkbox
        label={t("hiddenLong")}
        checked={after.os_hidden}
        onChange={(event) => setAfter({ ...after, os_hidden: event.currentTarget.checked })}
      />
    </FormFrame>
  );
}

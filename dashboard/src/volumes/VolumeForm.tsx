// A new volume: blank, or a copy of an image, a snapshot, another volume or a backup.
import { NumberInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange, useList, useOne } from "../api/queries";
import { FormFrame } from "../parts/form";
import { useSources } from "./sources";
import { defaultType, typeList, zoneList } from "./queries";
import { VOLUME, create } from "./things";
import { FRESH, type Source, type VolumeDraft, bodyOf, commandOf, isWhole } from "./volume_draft";

const SOURCES: Source[] = ["blank", "image", "snapshot", "volume", "backup"];

interface Props {
  /** What it is to be made of, where that is known before. */
  given?: Pick<VolumeDraft, "source" | "sourceId" | "size"> & { type?: string | null };
  close: () => void;
}

export function VolumeForm({ given, close }: Props) {
  const { t } = useTranslation("volumes");
  const [draft, setDraft] = useState<VolumeDraft>({ ...FRESH, ...given });
  const set = (change: Partial<VolumeDraft>) => setDraft({ ...draft, ...change });
  const sources = useSources(draft.source);
  const least = sources.find((one) => one.id === draft.sourceId)?.least ?? 1;
  const types = useList(typeList()).data ?? [];
  const usual = useOne(defaultType()).data?.name;
  const zones = useList(zoneList(), { every: false }).data ?? [];
  const change = useChange(() => create(VOLUME, bodyOf(draft)), VOLUME.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      done={t("asked", { verb: t("volume.create"), name: draft.name || t("unnamed") })}
      disabled={!isWhole(draft)}
      cli={commandOf(draft)}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t("name")}
          maxLength={255}
          value={draft.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          data-autofocus
        />
        <NumberInput
          label={t("size")}
          suffix=" GiB"
          required
          min={1}
          allowDecimal={false}
          allowNegative={false}
          value={draft.size ?? ""}
          error={draft.size !== null && draft.size < least && t("volume.least", { size: least })}
          onChange={(value) => set({ size: typeof value === "number" ? value : null })}
        />
        <Select
          label={t("volume.source")}
          allowDeselect={false}
          data={SOURCES.map((one) => ({ value: one, label: t(`source.${one}`) }))}
          value={draft.source}
          onChange={(source) => set({ source: source as Source, sourceId: null })}
        />
        {draft.source !== "blank" && (
          <Select
            label={t(`source.${draft.source}`)}
            required
            searchable
            allowDeselect={false}
            nothingFoundMessage={t("source.none")}
            placeholder={sources.length === 0 ? t("source.none") : undefined}
            data={sources.map((one) => ({ value: one.id, label: one.label }))}
            value={draft.sourceId}
            onChange={(sourceId) => {
              const floor = sources.find((one) => one.id === sourceId)?.least ?? 1;
              set({ sourceId, size: Math.max(draft.size ?? 1, floor) });
            }}
          />
        )}
        <Select
          label={t("type")}
          clearable
          clearButtonProps={{ "aria-label": t("clear") }}
          placeholder={usual}
          data={types.map((one) => one.name)}
          value={draft.type}
          onChange={(type) => set({ type })}
        />
        <Select
          label={t("zone")}
          clearable
          clearButtonProps={{ "aria-label": t("clear") }}
          placeholder={t("zone.any")}
          data={zones}
          value={draft.zone}
          onChange={(zone) => set({ zone })}
        />
      </SimpleGrid>
      <TextInput
        label={t("description")}
        maxLength={255}
        value={draft.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
    </FormFrame>
  );
}

// What a new server boots from: an image on the host's disk, or a volume.
import { Group, NumberInput, Select, Stack, Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Image } from "../api/models";
import { useList } from "../api/queries";
import { label } from "../volumes/hooks";
import { snapshotList, volumeList } from "../volumes/queries";
import { type BootSource, type Launch, leastGib } from "./launch_model";

const SOURCES: BootSource[] = ["image", "image-volume", "volume", "snapshot"];

interface Props {
  launch: Launch;
  set: (change: Partial<Launch>) => void;
  image: Image | undefined;
  choices: { loaded: boolean; images: Image[] };
}

export function RootChoice({ launch, set, image, choices }: Props) {
  const { t } = useTranslation("servers");
  const { boot } = launch;
  const choose = (next: BootSource) =>
    set({ boot: next, bootId: null, bootSize: leastGib(image), bootGoes: false });
  return (
    <Stack>
      <Group grow preventGrowOverflow={false} align="flex-start">
        <Select
          label={t("launch.boot")}
          allowDeselect={false}
          data={SOURCES.map((one) => ({ value: one, label: t(`boot.${one}`) }))}
          value={boot}
          onChange={(next) => choose(next as BootSource)}
          flex="1 1 220px"
        />
        {boot === "image" || boot === "image-volume" ? (
          <Select
            label={t("launch.image")}
            required
            searchable
            allowDeselect={false}
            value={image?.id ?? null}
            onChange={(imageId) => {
              const found = choices.images.find((one) => one.id === imageId);
              set({ imageId, bootSize: Math.max(launch.bootSize, leastGib(found)) });
            }}
            nothingFoundMessage={t("launch.imageNone")}
            error={choices.loaded && !image && t("launch.imageNone")}
            data={choices.images.map((one) => ({ value: one.id, label: one.name ?? one.id }))}
            flex="1 1 220px"
          />
        ) : (
          <StoredChoice boot={boot} launch={launch} set={set} />
        )}
        {(boot === "image-volume" || boot === "snapshot") && (
          <NumberInput
            label={t("launch.bootSize")}
            suffix=" GiB"
            min={1}
            allowDecimal={false}
            allowNegative={false}
            value={launch.bootSize}
            onChange={(size) => set({ bootSize: Number(size) || 1 })}
            maw={180}
          />
        )}
      </Group>
      {boot !== "image" && (
        <Switch
          label={t("launch.bootGoes")}
          checked={launch.bootGoes}
          onChange={(event) => set({ bootGoes: event.currentTarget.checked })}
        />
      )}
    </Stack>
  );
}

interface StoredProps {
  boot: "volume" | "snapshot";
  launch: Launch;
  set: (change: Partial<Launch>) => void;
}

function StoredChoice({ boot, launch, set }: StoredProps) {
  const { t } = useTranslation("servers");
  const volumes = useList(volumeList()).data ?? [];
  const snapshots = useList(snapshotList(), { enabled: boot === "snapshot" }).data ?? [];
  const bootable = volumes.filter((one) => one.bootable === "true");
  const origins = new Set(bootable.map((one) => one.id));
  const found =
    boot === "volume"
      ? bootable.filter((one) => one.status === "available")
      : snapshots.filter((one) => one.status === "available" && origins.has(one.volume_id));
  return (
    <Select
      label={t(boot === "volume" ? "launch.bootVolume" : "launch.bootSnapshot")}
      required
      searchable
      allowDeselect={false}
      nothingFoundMessage={t("launch.bootNone")}
      placeholder={found.length === 0 ? t("launch.bootNone") : undefined}
      data={found.map((one) => ({ value: one.id, label: `${label(one)} (${one.size} GiB)` }))}
      value={launch.bootId}
      onChange={(bootId) => {
        const size = found.find((one) => one.id === bootId)?.size ?? 1;
        set({ bootId, bootSize: Math.max(launch.bootSize, size) });
      }}
      flex="1 1 220px"
    />
  );
}

// One volume: what it is, who has it open, what was made of it, and what went wrong with it.
import { Alert, Badge, Group, SimpleGrid, Stack } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { isAdmin, useSession } from "../api/session";
import { imageList } from "../images/queries";
import { DeleteButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { DeedsButton } from "../parts/DeedsButton";
import { Facts } from "../parts/Facts";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { Sequence } from "../parts/Sequence";
import { StateBadge } from "../parts/StateBadge";
import { ThingPage } from "../parts/ThingPage";
import { useTimeline } from "../parts/useTimeline";
import { When } from "../parts/When";
import { isReadonly } from "./EditForm";
import { Backups, Snapshots } from "./VolumeCopies";
import { Metadata } from "./MetadataForm";
import { Attachments, Messages, Offer } from "./VolumePanels";
import { useVolumeDeeds } from "./deeds";
import { isDeletable, label, useAll, useVolumeNames, useVolumeRemoval } from "./hooks";
import type { Volume } from "./models";
import { messagesOf } from "./queries";
import { SNAPSHOT, VOLUME, oneOf } from "./things";

export function VolumePage() {
  const { t } = useTranslation("volumes");
  const { volumeId } = useParams({ from: "/shell/volumes/$volumeId" });
  return (
    <ThingPage
      spec={oneOf(VOLUME, volumeId)}
      title={t("volume")}
      crumb={{ label: t("volumes"), to: "/volumes" }}
      name={label}
      mark={(one) => (
        <>
          <StateBadge state={one.status} />
          <Marks volume={one} />
        </>
      )}
      about={(one) => one.description}
      actions={(one) => <Actions volume={one} />}
    >
      {(one) => (
        <Stack>
          <Failure volume={one} />
          {one.status === "awaiting-transfer" && <Offer volume={one} />}
          <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
            <Stack>
              <Panel title={t("facts")}>
                <About volume={one} />
              </Panel>
              <Metadata volume={one} />
            </Stack>
            <Stack>
              <Attachments volume={one} />
              <Snapshots volume={one} />
              <Backups volume={one} />
            </Stack>
          </SimpleGrid>
          <Messages volume={one} />
          <History volume={one} />
        </Stack>
      )}
    </ThingPage>
  );
}

function Marks({ volume }: { volume: Volume }) {
  const { t } = useTranslation("volumes");
  const marks = [
    volume.bootable === "true" && t("bootable"),
    isReadonly(volume) && t("readonly"),
    volume.multiattach && t("multiattach"),
    volume.encrypted && t("encrypted"),
  ].filter((one) => one !== false);
  return (
    <Group gap={6}>
      {marks.map((one) => (
        <Badge key={one} variant="outline" color="gray" c="var(--mantine-color-text)" tt="none">
          {one}
        </Badge>
      ))}
    </Group>
  );
}

function Actions({ volume }: { volume: Volume }) {
  const navigate = useNavigate();
  const remove = useVolumeRemoval();
  const deeds = useVolumeDeeds();
  return (
    <>
      <DeleteButton
        disabled={!isDeletable(volume)}
        start={() => remove([volume], () => void navigate({ to: "/volumes" }))}
      />
      <DeedsButton deeds={deeds(volume)} />
    </>
  );
}

function Failure({ volume }: { volume: Volume }) {
  const { t } = useTranslation("volumes");
  const last = useList(messagesOf(volume.id)).data?.[0];
  if (!volume.status.startsWith("error")) return null;
  return (
    <Alert
      color="red"
      variant="outline"
      title={last?.user_message ?? t("failed")}
      styles={{ title: { color: "var(--unkai-bad)" } }}
    />
  );
}

function About({ volume }: { volume: Volume }) {
  const { t } = useTranslation("volumes");
  const admin = isAdmin(useSession());
  const type = volume.volume_type;
  return (
    <Facts
      facts={[
        [t("id"), <Copied key="id" text={volume.id} />],
        [t("size"), `${volume.size} GiB`],
        [
          t("type"),
          admin && type && volume.volume_type_id ? (
            <TextLink to="/volume-types/$typeId" params={{ typeId: volume.volume_type_id }}>
              {type}
            </TextLink>
          ) : (
            type
          ),
        ],
        [t("zone"), volume.availability_zone],
        [t("volume.source"), <MadeOf key="source" volume={volume} />],
        [
          t("project"),
          <Copied key="project" text={volume["os-vol-tenant-attr:tenant_id"] ?? ""} />,
        ],
        admin && [t("backend"), volume["os-vol-host-attr:host"]],
        admin && Boolean(volume.migration_status) && [t("migration"), volume.migration_status],
        [t("created"), <When key="at" at={volume.created_at} />],
        [t("updated"), <When key="updated" at={volume.updated_at} />],
      ]}
    />
  );
}

/** What the volume was made of, where that can still be named. */
function MadeOf({ volume }: { volume: Volume }) {
  const { t } = useTranslation("volumes");
  const { source_volid: origin, snapshot_id: snapshotId } = volume;
  const imageId = volume.volume_image_metadata?.image_id;
  const volumes = useVolumeNames();
  const snapshots = useAll(SNAPSHOT, {}, { enabled: snapshotId !== null }).data ?? [];
  const images = useList(imageList(), { enabled: imageId !== undefined }).data ?? [];
  if (origin)
    return volumes.has(origin) ? (
      <TextLink to="/volumes/$volumeId" params={{ volumeId: origin }}>
        {volumes.get(origin)}
      </TextLink>
    ) : (
      <>{`${t("source.volume")} ${origin.slice(0, 8)}`}</>
    );
  if (snapshotId) {
    const found = snapshots.find((one) => one.id === snapshotId);
    return <>{`${t("source.snapshot")} ${found ? label(found) : snapshotId.slice(0, 8)}`}</>;
  }
  if (imageId) {
    const found = images.find((one) => one.id === imageId);
    const name = found?.name ?? volume.volume_image_metadata?.image_name ?? imageId.slice(0, 8);
    return found ? (
      <TextLink to="/images/$imageId" params={{ imageId }}>
        {name}
      </TextLink>
    ) : (
      <>{name}</>
    );
  }
  return <>{t("source.blank")}</>;
}

function History({ volume }: { volume: Volume }) {
  const { t } = useTranslation("volumes");
  const told = useTimeline("volumes", volume.id);
  return (
    <Panel title={t("history")}>
      <Sequence told={told} />
    </Panel>
  );
}

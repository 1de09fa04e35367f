// What can be done to a volume: one table for the rows of lists and the volume's own page.
import {
  IconArchive,
  IconArrowsDiff,
  IconArrowsExchange,
  IconArrowsMaximize,
  IconCamera,
  IconCopy,
  IconDatabaseExport,
  IconDisc,
  IconPencil,
  IconPlayerPlay,
  IconPlug,
  IconPlugOff,
  IconTool,
  IconTransferOut,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isAdmin, useSession } from "../api/session";
import { openForm } from "../parts/form";
import type { Deed } from "../parts/RowMenu";
import { AttachForm, canBeAttached } from "./AttachForm";
import { ExtendForm, MigrateForm, RetypeForm, StateForm } from "./ChangeForms";
import { BackupForm, SnapshotForm, UploadForm } from "./CopyForms";
import { VolumeEdit } from "./EditForm";
import { useUnmanage } from "./ManageForms";
import { TransferForm } from "./TransferForms";
import { VolumeForm } from "./VolumeForm";
import { useDetach } from "./detach";
import { label, useServerNames } from "./hooks";
import type { Volume, VolumeAttachment } from "./models";
import { VOLUME } from "./things";

const RESTING = ["available", "in-use"];

function serverOf(attachment: VolumeAttachment, names: Map<string, string>) {
  const id = attachment.server_id ?? "";
  return { id, name: names.get(id) ?? id };
}

export function useVolumeDeeds() {
  const { t } = useTranslation("volumes");
  const admin = isAdmin(useSession());
  const names = useServerNames();
  const detach = useDetach();
  const navigate = useNavigate();
  const unmanage = useUnmanage();
  return (volume: Volume): Deed[] => {
    const name = label(volume);
    const props = { volume };
    const resting = RESTING.includes(volume.status);
    const free = volume.status === "available";
    const [only, ...others] = volume.attachments.filter((one) => one.server_id !== null);
    const clone = {
      source: "volume" as const,
      sourceId: volume.id,
      size: volume.size,
      type: volume.volume_type,
    };
    const all: (Deed & { fits: boolean })[] = [
      {
        label: t("edit"),
        icon: IconPencil,
        fits: true,
        start: () =>
          openForm(t("edit.of", { name }), (close) => <VolumeEdit {...props} close={close} />),
      },
      {
        label: t("launch"),
        icon: IconPlayerPlay,
        fits: free && volume.bootable === "true",
        start: () => void navigate({ to: "/servers/launch", search: { volume: volume.id } }),
      },
      {
        label: t("attach"),
        icon: IconPlug,
        fits: canBeAttached(volume),
        start: () =>
          openForm(t("attach.of", { name }), (close) => <AttachForm {...props} close={close} />),
      },
      {
        label: t("detach"),
        icon: IconPlugOff,
        fits: volume.status === "in-use" && only !== undefined && others.length === 0,
        start: () => only && detach({ id: volume.id, name }, serverOf(only, names)),
      },
      {
        label: t("extend"),
        icon: IconArrowsMaximize,
        fits: resting,
        start: () =>
          openForm(t("extend.of", { name }), (close) => <ExtendForm {...props} close={close} />),
      },
      {
        label: t("snapshot.create"),
        icon: IconCamera,
        fits: resting,
        start: () =>
          openForm(t("snapshot.of", { name }), (close) => (
            <SnapshotForm {...props} close={close} />
          )),
      },
      {
        label: t("clone"),
        icon: IconCopy,
        fits: resting,
        start: () =>
          openForm(
            t("clone.of", { name }),
            (close) => <VolumeForm given={clone} close={close} />,
            true,
          ),
      },
      {
        label: t("backup.create"),
        icon: IconArchive,
        fits: resting,
        start: () =>
          openForm(t("backup.of", { name }), (close) => <BackupForm {...props} close={close} />),
      },
      {
        label: t("upload"),
        icon: IconDisc,
        fits: resting,
        start: () =>
          openForm(t("upload.of", { name }), (close) => <UploadForm {...props} close={close} />),
      },
      {
        label: t("retype"),
        icon: IconArrowsDiff,
        fits: resting,
        start: () =>
          openForm(t("retype.of", { name }), (close) => <RetypeForm {...props} close={close} />),
      },
      {
        label: t("transfer.offer"),
        icon: IconTransferOut,
        fits: free,
        start: () =>
          openForm(t("transfer.of", { name }), (close) => (
            <TransferForm {...props} close={close} />
          )),
      },
      {
        label: t("reset"),
        icon: IconTool,
        fits: admin,
        start: () =>
          openForm(t("reset.of", { name }), (close) => (
            <StateForm what={VOLUME} thing={volume} close={close} />
          )),
      },
      {
        label: t("migrate"),
        icon: IconArrowsExchange,
        fits: admin && free,
        start: () =>
          openForm(t("migrate.of", { name }), (close) => <MigrateForm {...props} close={close} />),
      },
      {
        label: t("unmanage"),
        icon: IconDatabaseExport,
        fits: admin && free,
        start: () => unmanage(VOLUME, volume),
      },
    ];
    return all.filter((one) => one.fits);
  };
}

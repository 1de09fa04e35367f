import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { SpecLines } from "../parts/SpecLines";
import { openstack } from "../parts/shell_words";
import { changesOf, fromLines, toLines } from "../parts/spec_lines";
import type { Volume } from "./models";
import { VOLUME } from "./things";

/** What an administrator set is shown among what users said, and is not theirs to say. */
export function ownMetadata(volume: Volume): Record<string, string> {
  const own = Object.entries(volume.metadata).filter(([key]) => key !== "readonly");
  return Object.fromEntries(own);
}

export function MetadataForm({ volume, close }: { volume: Volume; close: () => void }) {
  const { t } = useTranslation("volumes");
  const before = ownMetadata(volume);
  const [text, setText] = useState(() => toLines(before));
  const { set: fresh, gone, wrong } = changesOf(before, text);
  const change = useChange(() => {
    const params = { path: { volume_id: volume.id } };
    const body = { metadata: fromLines(text).specs };
    return done(api.PUT("/volumes/{volume_id}/metadata", { params, body }));
  }, VOLUME.stale);
  const pairs = Object.entries(fresh).flatMap(([key, value]) => ["--property", `${key}=${value}`]);
  const dropped = gone.flatMap((key) => ["--property", key]);
  const cli = [
    pairs.length > 0 && openstack("volume", "set", ...pairs, volume.id),
    dropped.length > 0 && openstack("volume", "unset", ...dropped, volume.id),
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
      <SpecLines label={t("metadata")} text={text} setText={setText} wrong={wrong} />
    </FormFrame>
  );
}

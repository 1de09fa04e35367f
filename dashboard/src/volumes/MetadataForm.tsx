// What users said of a volume or a snapshot, beside its name.
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { PairsForm, PairsPanel } from "../parts/Pairs";
import { cliWords, label } from "./hooks";
import type { Snapshot, Volume } from "./models";
import { type Kind, VOLUME } from "./things";

/** What an administrator set is shown among what users said, and is not theirs to say. */
export function ownMetadata(thing: Volume | Snapshot): Record<string, string> {
  const own = Object.entries(thing.metadata).filter(([key]) => key !== "readonly");
  return Object.fromEntries(own);
}

interface Props {
  what: Kind<Volume, "volume"> | Kind<Snapshot, "snapshot">;
  thing: Volume | Snapshot;
  close: () => void;
}

export function MetadataForm({ what, thing, close }: Props) {
  const { t } = useTranslation("volumes");
  return (
    <PairsForm
      label={t("metadata")}
      before={ownMetadata(thing)}
      words={cliWords(what)}
      id={thing.id}
      save={({ all }) => {
        const body = { metadata: all };
        if (what.one === "volume") {
          const params = { path: { volume_id: thing.id } };
          return done(api.PUT("/volumes/{volume_id}/metadata", { params, body }));
        }
        const params = { path: { snapshot_id: thing.id } };
        return done(api.PUT("/snapshots/{snapshot_id}/metadata", { params, body }));
      }}
      stale={what.stale}
      close={close}
    />
  );
}

export function Metadata({ volume }: { volume: Volume }) {
  const { t } = useTranslation("volumes");
  return (
    <PairsPanel
      title={t("metadata")}
      pairs={ownMetadata(volume)}
      none={t("metadata.none")}
      formTitle={t("metadata.of", { name: label(volume) })}
      form={(close) => <MetadataForm what={VOLUME} thing={volume} close={close} />}
    />
  );
}

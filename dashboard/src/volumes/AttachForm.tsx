// A volume is given to a server: from either side, the other one is chosen.
import { Select, Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { useChange, useList, useOne } from "../api/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { capabilitiesOf, serverList } from "../servers/queries";
import { isMetal } from "../servers/words";
import { label, useAll } from "./hooks";
import type { Volume } from "./models";
import { VOLUME } from "./things";

interface Props {
  volume?: Volume;
  server?: { id: string; name: string };
  close: () => void;
}

const READY = ["ACTIVE", "SHUTOFF", "PAUSED"];

export const canBeAttached = (one: Volume): boolean =>
  one.status === "available" || (one.multiattach && one.status === "in-use");

export function AttachForm({ volume, server, close }: Props) {
  const { t } = useTranslation("volumes");
  const [chosen, setChosen] = useState<string | null>(null);
  const [goes, setGoes] = useState(false);
  const servers = useList(serverList(), { enabled: !server }).data ?? [];
  const volumes = useAll(VOLUME, {}, { enabled: !volume }).data ?? [];
  const has = new Set(volume?.attachments.map((one) => one.server_id));
  const fitting = servers.filter((one) => READY.includes(one.status) && !has.has(one.id));
  const machine = fitting.find((one) => one.id === chosen && isMetal(one.flavor));
  const able = useOne(capabilitiesOf(machine?.id ?? ""), { enabled: machine !== undefined });
  const refused = machine && able.data?.actions["attach-volume"]?.reason;
  const free = volumes.filter(
    (one) => canBeAttached(one) && !one.attachments.some((each) => each.server_id === server?.id),
  );
  const serverId = server?.id ?? chosen;
  const volumeId = volume?.id ?? chosen;
  const change = useChange(() => {
    const params = { path: { server_id: serverId ?? "" } };
    const asked = { volumeId, delete_on_termination: goes };
    const body = { volumeAttachment: asked } as never;
    return done(compute.POST("/servers/{server_id}/os-volume_attachments", { params, body }));
  }, VOLUME.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("attach")}
      done={t("asked", { verb: t("attach"), name: volume ? label(volume) : (server?.name ?? "") })}
      disabled={!chosen || Boolean(refused)}
      cli={openstack(
        ...["server", "add", "volume", goes && "--enable-delete-on-termination"],
        server?.name ?? fitting.find((one) => one.id === chosen)?.name ?? "SERVER",
        volumeId ?? "VOLUME",
      )}
    >
      <Select
        label={t(server ? "volume" : "attach.server")}
        required
        searchable
        allowDeselect={false}
        nothingFoundMessage={t(server ? "attach.noVolume" : "attach.noServer")}
        placeholder={
          (server ? free : fitting).length === 0
            ? t(server ? "attach.noVolume" : "attach.noServer")
            : undefined
        }
        data={
          server
            ? free.map((one) => ({ value: one.id, label: `${label(one)} (${one.size} GiB)` }))
            : fitting.map((one) => ({ value: one.id, label: one.name }))
        }
        error={refused}
        value={chosen}
        onChange={setChosen}
        data-autofocus
      />
      <Switch
        label={t("attach.goes")}
        checked={goes}
        onChange={(event) => setGoes(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

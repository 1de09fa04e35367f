// A volume goes to another project: offered with a key that is shown once, taken by who has it.
import { Stack, Switch, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, take, volume as api } from "../api/clients";
import { useChange } from "../api/queries";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { FormFrame } from "../parts/form";
import { NameField } from "../parts/NameFields";
import { ShowCli } from "../parts/ShowCli";
import { openstack } from "../parts/shell_words";
import type { Transfer, Volume } from "./models";
import { SNAPSHOT, VOLUME } from "./things";

interface Offered extends Transfer {
  auth_key: string;
}

export function TransferForm({ volume, close }: { volume: Volume; close: () => void }) {
  const { t } = useTranslation("volumes");
  const [name, setName] = useState("");
  const [alone, setAlone] = useState(false);
  const change = useChange(async () => {
    const transfer = { volume_id: volume.id, name: name.trim() || null, no_snapshots: alone };
    const asked = api.POST("/volume-transfers", { body: { transfer } });
    return (await take<{ transfer: Offered }>(asked)).transfer;
  }, VOLUME.stale);
  const submit = async () => {
    const made = await change.mutateAsync(undefined);
    modals.open({
      title: t("transfer.offered"),
      centered: true,
      children: <TransferKey offered={made} />,
    });
  };
  return (
    <FormFrame
      submit={submit}
      close={close}
      verb={t("transfer.offer")}
      cli={openstack(
        ...["volume", "transfer", "request", "create", alone && "--no-snapshots"],
        ...(name.trim() ? ["--name", name.trim()] : []),
        volume.id,
      )}
    >
      <Text size="sm">{t("transfer.about")}</Text>
      <NameField value={name} set={setName} />
      <Switch
        label={t("transfer.alone")}
        checked={alone}
        onChange={(event) => setAlone(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

function TransferKey({ offered }: { offered: Offered }) {
  const { t } = useTranslation("volumes");
  return (
    <Stack>
      <Text size="sm">{t("transfer.once")}</Text>
      <Facts
        facts={[
          [t("transfer.id"), <Copied key="id" text={offered.id} />],
          [t("transfer.key"), <Copied key="key" text={offered.auth_key} />],
        ]}
      />
      <ShowCli command={acceptCli(offered.id, offered.auth_key)} />
    </Stack>
  );
}

function acceptCli(id: string, key: string): string {
  return openstack("volume", "transfer", "request", "accept", "--auth-key", key, id);
}

export function AcceptForm({ close }: { close: () => void }) {
  const { t } = useTranslation("volumes");
  const [id, setId] = useState("");
  const [key, setKey] = useState("");
  const change = useChange(() => {
    const params = { path: { transfer_id: id.trim() } };
    const body = { accept: { auth_key: key.trim() } };
    return done(api.POST("/volume-transfers/{transfer_id}/accept", { params, body }));
  }, [...VOLUME.stale, ...SNAPSHOT.stale]);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("transfer.accept")}
      done={t("transfer.accepted")}
      disabled={!id.trim() || !key.trim()}
      cli={acceptCli(id.trim() || "ID", key.trim() || "KEY")}
    >
      <TextInput
        label={t("transfer.id")}
        required
        autoComplete="off"
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t("transfer.key")}
        required
        autoComplete="off"
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
      />
    </FormFrame>
  );
}

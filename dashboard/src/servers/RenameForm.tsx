import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import type { Server } from "../api/models";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";

export function RenameForm({ server, close }: { server: Server; close: () => void }) {
  const { t } = useTranslation("servers");
  const [name, setName] = useState(server.name);
  const rename = useChange(
    (wanted: string) => {
      const path = { server_id: server.id };
      const body = { server: { name: wanted } };
      return done(compute.PUT("/servers/{server_id}", { params: { path }, body }));
    },
    [keys.servers],
  );
  return (
    <FormFrame
      submit={() => rename.mutateAsync(name.trim())}
      close={close}
      verb={t("rename.save")}
      disabled={!name.trim() || name.trim() === server.name}
      cli={openstack("server", "set", "--name", name.trim() || "NAME", server.name)}
    >
      <TextInput
        label={t("rename.name")}
        value={name}
        maxLength={255}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
    </FormFrame>
  );
}

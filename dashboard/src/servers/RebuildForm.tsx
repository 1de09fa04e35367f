import { Select, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import type { Server } from "../api/models";
import { useChange, useList } from "../api/queries";
import { imageList } from "../images/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";

export function RebuildForm({ server, close }: { server: Server; close: () => void }) {
  const { t } = useTranslation("servers");
  const images = useList(imageList());
  const [chosen, setChosen] = useState<string | null>(server.image ? server.image.id : null);
  const usable = images.data?.filter((one) => one.status === "active") ?? [];
  const image = usable.find((one) => one.id === chosen);
  const rebuild = useChange(
    (id: string) => {
      const path = { server_id: server.id };
      const body = { rebuild: { imageRef: id } } as never;
      return done(compute.POST("/servers/{server_id}/action", { params: { path }, body }));
    },
    [keys.servers],
  );
  return (
    <FormFrame
      submit={() => rebuild.mutateAsync(image?.id ?? "")}
      close={close}
      verb={t("rebuild.save")}
      danger
      disabled={!image}
      cli={openstack("server", "rebuild", "--image", image?.name ?? chosen, server.name)}
    >
      <Text size="sm">{t("rebuild.about")}</Text>
      <Select
        label={t("rebuild.image")}
        value={image?.id ?? null}
        onChange={setChosen}
        searchable
        allowDeselect={false}
        data={usable.map((one) => ({ value: one.id, label: one.name ?? one.id }))}
      />
    </FormFrame>
  );
}

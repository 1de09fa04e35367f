import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { confirm } from "../parts/confirm";
import { openstack } from "../parts/shell_words";
import { VOLUME } from "./things";

/** Asks, and takes a volume from a server. */
export function useDetach() {
  const { t } = useTranslation("volumes");
  const client = useQueryClient();
  return (volume: { id: string; name: string }, server: { id: string; name: string }) =>
    confirm({
      title: t("detach.ask", { volume: volume.name, server: server.name }),
      text: t("detach.about"),
      verb: t("detach"),
      danger: true,
      cli: openstack("server", "remove", "volume", server.name, volume.id),
      work: async () => {
        const path = { server_id: server.id, volume_id: volume.id };
        const url = "/servers/{server_id}/os-volume_attachments/{volume_id}";
        await done(compute.DELETE(url, { params: { path } }));
        await Promise.all(VOLUME.stale.map((queryKey) => client.invalidateQueries({ queryKey })));
      },
      done: t("asked", { verb: t("detach"), name: volume.name }),
    });
}

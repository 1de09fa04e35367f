// Ctrl-K: every page, servers by name and address, nodes by name and the address of their BMC.
import { Spotlight, type SpotlightActionData, spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { type ListSpec, readAll } from "../api/queries";
import { isAdmin, useSession } from "../api/session";
import { bmcOf, nameOf } from "../baremetal/models";
import { nodeAddresses } from "../baremetal/queries";
import { serverList } from "../servers/queries";
import { useHasNodes } from "./has_nodes";
import { placesFor } from "./navigation";

const SHOWN = 12;

export default function CommandPalette({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const session = useSession();
  const admin = isAdmin(session);
  const hasNodes = useHasNodes(session);
  const servers = useAsked(serverList());
  const nodes = useAsked(nodeAddresses(), hasNodes);
  useEffect(() => {
    spotlight.open();
  }, []);

  const pages: SpotlightActionData[] = placesFor(admin, hasNodes)
    .flatMap((section) => section.places)
    .map((place) => ({
      id: String(place.to),
      label: t(place.label),
      leftSection: <place.icon size={18} stroke={1.7} aria-hidden />,
      onClick: () => void navigate({ to: place.to }),
    }));
  const found: SpotlightActionData[] = servers.map((server) => ({
    id: server.id,
    label: server.name,
    description: `${server.status} · ${server.id}`,
    keywords: [
      server.id,
      ...Object.values(server.addresses)
        .flat()
        .map((one) => one.addr),
    ],
    onClick: () => void navigate({ to: "/servers/$serverId", params: { serverId: server.id } }),
  }));
  const machines: SpotlightActionData[] = nodes.map((node) => ({
    id: node.uuid,
    label: nameOf(node),
    description: [node.provision_state, bmcOf(node.driver_info) ?? node.uuid].join(" · "),
    keywords: [node.uuid, bmcOf(node.driver_info) ?? ""],
    onClick: () => void navigate({ to: "/nodes/$nodeId", params: { nodeId: node.uuid } }),
  }));
  return (
    <Spotlight
      actions={[
        { group: t("shell.pages"), actions: pages },
        { group: t("nav.servers"), actions: found },
        { group: t("nav.nodes"), actions: machines },
      ]}
      shortcut={null}
      limit={SHOWN}
      highlightQuery
      scrollable
      onSpotlightClose={close}
      nothingFound={t("shell.nothingFound")}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: t("shell.searchHint"),
        "aria-label": t("shell.search"),
      }}
    />
  );
}

/** A whole list, asked for once: the palette is open for seconds. */
function useAsked<T>({ queryKey, page }: ListSpec<T>, enabled = true): T[] {
  return useQuery({ queryKey, queryFn: () => readAll(page), enabled }).data ?? [];
}

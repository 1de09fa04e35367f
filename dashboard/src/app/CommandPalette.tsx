// Ctrl-K: every page, servers by name and address, volumes by name, nodes by name and the address of their BMC.
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, type SpotlightActionData, createSpotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { isAdmin, useSession } from "../api/session";
import { bmcOf, nameOf } from "../baremetal/models";
import { mainAddress } from "../servers/words";
import { useHasNodes } from "./has_nodes";
import { placesFor } from "./navigation";
import { useFoundNodes, useFoundServers, useFoundVolumes } from "./palette_search";

const SHOWN = 12;
const TYPING_MS = 120;
const [store, palette] = createSpotlight();

export default function CommandPalette({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const session = useSession();
  const hasNodes = useHasNodes(session);
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), TYPING_MS);
  const servers = useFoundServers(text);
  const volumes = useFoundVolumes(text);
  const nodes = useFoundNodes(text, hasNodes);
  useEffect(() => {
    palette.open();
  }, []);
  const ids = [...servers, ...volumes]
    .map((one) => one.id)
    .concat(nodes.map((one) => one.uuid))
    .join(" ");
  useEffect(takeFirst, [ids]);

  const pages: SpotlightActionData[] = placesFor(isAdmin(session), hasNodes)
    .flatMap((section) => section.places)
    .map((place) => ({
      id: String(place.to),
      label: t(place.label),
      leftSection: <place.icon size={18} stroke={1.7} aria-hidden />,
      onClick: () => void navigate({ to: place.to }),
    }));
  // What was found is what was asked for: the typed text is a keyword of it.
  const foundServers: SpotlightActionData[] = servers.map((one) => ({
    id: one.id,
    label: one.name,
    description: `${one.status} · ${mainAddress(one) || one.id}`,
    keywords: text,
    onClick: () => void navigate({ to: "/servers/$serverId", params: { serverId: one.id } }),
  }));
  const foundVolumes: SpotlightActionData[] = volumes.map((one) => ({
    id: one.id,
    label: one.name || one.id,
    description: `${one.status} · ${one.size} GiB`,
    keywords: text,
    onClick: () => void navigate({ to: "/volumes/$volumeId", params: { volumeId: one.id } }),
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
      store={store}
      actions={[
        { group: t("shell.pages"), actions: pages },
        { group: t("nav.servers"), actions: foundServers },
        { group: t("nav.volumes"), actions: foundVolumes },
        { group: t("nav.nodes"), actions: machines },
      ]}
      query={typed}
      onQueryChange={setTyped}
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

/** Enter takes the first that fits, even where it came after the last letter was typed. */
function takeFirst(): void {
  const { query, listId, registeredActions } = store.getState();
  if (!query.trim() || !listId) return;
  const list = document.getElementById(listId);
  if (!list?.querySelector("[data-selected]"))
    list?.querySelector("[data-action]")?.setAttribute("data-selected", "true");
  store.updateState((state) => ({ ...state, selected: 0, empty: registeredActions.size === 0 }));
}

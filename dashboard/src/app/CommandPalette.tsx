// Ctrl-K: every page, and servers and nodes by their name.
import { Spotlight, type SpotlightActionData, spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { isAdmin, useSession } from "../api/session";
import { readAll } from "../api/queries";
import { serverList } from "../servers/queries";
import { placesFor } from "./navigation";

const SHOWN = 12;

export default function CommandPalette({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const admin = isAdmin(useSession());
  const { queryKey, page } = serverList();
  const servers = useQuery({ queryKey, queryFn: () => readAll(page) });
  useEffect(() => {
    spotlight.open();
  }, []);

  const pages: SpotlightActionData[] = placesFor(admin)
    .flatMap((section) => section.places)
    .map((place) => ({
      id: String(place.to),
      label: t(place.label),
      leftSection: <place.icon size={18} stroke={1.7} aria-hidden />,
      onClick: () => void navigate({ to: place.to }),
    }));
  const found: SpotlightActionData[] = (servers.data ?? []).map((server) => ({
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
  return (
    <Spotlight
      actions={[
        { group: t("shell.pages"), actions: pages },
        { group: t("nav.servers"), actions: found },
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

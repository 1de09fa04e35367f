// The menu at the end of a server's row, and on its page: what fits its state.
import { Menu } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { DotsMenu } from "../parts/DotsMenu";
import { VERBS } from "./actions";
import { useVerbs } from "./run_verb";

export function ServerMenu({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const start = useVerbs();
  return (
    <DotsMenu
      label={t("actionsOf", { server: server.name })}
      items={() =>
        VERBS.filter((verb) => verb.fits(server)).map((verb) => (
          <Menu.Item
            key={verb.name}
            color={verb.danger ? "var(--unkai-bad)" : undefined}
            leftSection={<verb.icon size={16} aria-hidden />}
            onClick={() => start(verb, [server])}
          >
            {t(verb.label)}
          </Menu.Item>
        ))
      }
    />
  );
}

// The menu at the end of a server's row, and on its page: what fits its state.
import { ActionIcon, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { VERBS } from "./actions";
import { useVerbs } from "./run_verb";

export function ServerMenu({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const start = useVerbs();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          tabIndex={0}
          aria-label={t("actionsOf", { server: server.name })}
        >
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {VERBS.filter((verb) => verb.fits(server)).map((verb) => (
          <Menu.Item
            key={verb.name}
            color={verb.danger ? "var(--unkai-bad)" : undefined}
            leftSection={<verb.icon size={16} aria-hidden />}
            onClick={() => start(verb, [server])}
          >
            {t(verb.label)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

// What can be done with the server: the first verb as a button, all of them in a menu.
import { Button, Menu } from "@mantine/core";
import {
  IconChevronDown,
  IconNetwork,
  IconPencil,
  IconReload,
  IconWorld,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { VERBS } from "./actions";
import { useVerbs } from "./run_verb";
import { useServerForms } from "./server_forms";

export function ServerButtons({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const start = useVerbs();
  const forms = useServerForms(server);
  const fitting = VERBS.filter((verb) => verb.fits(server));
  const first = fitting.find((verb) => verb.name === "start" || verb.name === "stop");
  const more = [
    ["verb.rename", IconPencil, forms.rename],
    ["verb.rebuild", IconReload, forms.rebuild],
    ["verb.floating", IconWorld, forms.attachFloatingIp],
    ["verb.interface", IconNetwork, forms.attachInterface],
  ] as const;
  const last = fitting.filter((verb) => verb.danger);
  return (
    <>
      {first && (
        <Button
          variant="default"
          leftSection={<first.icon size={16} aria-hidden />}
          onClick={() => start(first, [server])}
        >
          {t(first.label)}
        </Button>
      )}
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button rightSection={<IconChevronDown size={16} aria-hidden />}>
            {t("tab.actions")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {fitting
            .filter((verb) => !verb.danger)
            .map((verb) => (
              <Menu.Item
                key={verb.name}
                leftSection={<verb.icon size={16} aria-hidden />}
                onClick={() => start(verb, [server])}
              >
                {t(verb.label)}
              </Menu.Item>
            ))}
          <Menu.Divider />
          {more.map(([label, Glyph, open]) => (
            <Menu.Item key={label} leftSection={<Glyph size={16} aria-hidden />} onClick={open}>
              {t(label)}
            </Menu.Item>
          ))}
          {last.length > 0 && <Menu.Divider />}
          {last.map((verb) => (
            <Menu.Item
              key={verb.name}
              color="var(--unkai-bad)"
              leftSection={<verb.icon size={16} aria-hidden />}
              onClick={() => start(verb, [server])}
            >
              {t(verb.label)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

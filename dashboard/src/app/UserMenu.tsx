// Who is signed in; language, colours, files for the command line, and the way out.
import {
  ActionIcon,
  Avatar,
  type MantineColorScheme,
  Menu,
  Text,
  useMantineColorScheme,
} from "@mantine/core";
import {
  IconCheck,
  IconDeviceDesktop,
  IconFileDownload,
  IconLogout,
  IconMoon,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Session } from "../api/session";
import { signOut } from "../api/sign_in";
import { cloudsYaml, openrc, save } from "./cli_files";
import { LANGUAGES, type Language, chooseLanguage } from "./i18n";

const SCHEMES = [
  ["auto", IconDeviceDesktop],
  ["light", IconSun],
  ["dark", IconMoon],
] as const satisfies [MantineColorScheme, unknown][];

export function UserMenu({ session }: { session: Session }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          size="lg"
          radius="xl"
          aria-label={t("shell.user", { user: session.user.name })}
        >
          <Avatar size={30} color="sea" variant="filled" alt="">
            <IconUser size={18} aria-hidden />
          </Avatar>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} truncate>
            {session.user.name}
          </Text>
          <Text size="xs" truncate>
            {session.user.domain} · {session.roles.join(", ")}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <Schemes />
        <Menu.Divider />
        <Languages />
        <Menu.Divider />
        <Menu.Label>{t("shell.cli")}</Menu.Label>
        <Menu.Item
          leftSection={<IconFileDownload size={16} aria-hidden />}
          onClick={() => save("clouds.yaml", cloudsYaml(session, window.location.origin))}
        >
          clouds.yaml
        </Menu.Item>
        <Menu.Item
          leftSection={<IconFileDownload size={16} aria-hidden />}
          onClick={() => save("openrc.sh", openrc(session, window.location.origin))}
        >
          openrc
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void signOut()}
        >
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function Schemes() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <Menu.Label>{t("shell.scheme")}</Menu.Label>
      {SCHEMES.map(([scheme, Glyph]) => (
        <Menu.Item
          key={scheme}
          closeMenuOnClick={false}
          leftSection={<Glyph size={16} aria-hidden />}
          rightSection={scheme === colorScheme && <IconCheck size={14} aria-hidden />}
          onClick={() => setColorScheme(scheme)}
        >
          {t(`scheme.${scheme}`)}
        </Menu.Item>
      ))}
    </>
  );
}

export function Languages() {
  const { t, i18n } = useTranslation();
  return (
    <>
      <Menu.Label>{t("shell.language")}</Menu.Label>
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <Menu.Item
          key={code}
          lang={code}
          closeMenuOnClick={false}
          rightSection={i18n.language === code && <IconCheck size={14} aria-hidden />}
          onClick={() => chooseLanguage(code as Language)}
        >
          {name}
        </Menu.Item>
      ))}
    </>
  );
}

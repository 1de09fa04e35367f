// Which of the cloud's regions the pages speak of; there is nothing to see where there is only one.
import { Button, Menu, Text } from "@mantine/core";
import { IconCheck, IconChevronDown, IconWorld } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Session, regionsOf, setSession } from "../api/session";

export function RegionSwitch({ session }: { session: Session }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const regions = regionsOf(session);
  if (regions.length < 2) return null;

  async function enter(region: string): Promise<void> {
    setSession({ ...session, region });
    client.clear();
    await navigate({ to: "/" });
  }

  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="sm"
          px="xs"
          leftSection={<IconWorld size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          maw={{ base: 110, sm: 200 }}
          aria-label={t("shell.inRegion", { region: session.region })}
        >
          <Text size="sm" truncate inherit>
            {session.region}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("shell.region")}</Menu.Label>
        {regions.map((one) => (
          <Menu.Item
            key={one}
            onClick={() => void enter(one)}
            rightSection={one === session.region && <IconCheck size={14} aria-hidden />}
            aria-current={one === session.region}
          >
            {one}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

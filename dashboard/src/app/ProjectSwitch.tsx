// Which project the page speaks of, and how to change it.
import { Button, Menu, ScrollArea, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconChevronDown, IconFolder } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { type Session, setSession } from "../api/session";
import { enterProject, projectsOf } from "../api/sign_in";
import { prefer } from "./preferences";

const SEARCH_FROM = 8;

export function ProjectSwitch({ session }: { session: Session }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [wanted, setWanted] = useState("");
  const projects = useQuery({
    queryKey: [...keys.projects, "mine"],
    queryFn: () => projectsOf(session.token),
    staleTime: 60_000,
    enabled: !session.byCredential,
  });
  const found = projects.data ?? [];
  const shown = found.filter((one) => one.name.toLowerCase().includes(wanted.toLowerCase()));

  async function enter(id: string): Promise<void> {
    try {
      const next = await enterProject(session.token, id);
      prefer("project", id);
      setSession(next);
      client.clear();
      await navigate({ to: "/" });
    } catch (error) {
      notifications.show({ color: "red", message: (error as Error).message });
    }
  }

  return (
    <Menu position="bottom-start" width={280} onClose={() => setWanted("")}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="sm"
          leftSection={<IconFolder size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          maw={{ base: 150, sm: 260 }}
          aria-label={t("shell.project", { project: session.project?.name })}
        >
          <Text size="sm" truncate inherit>
            {session.project?.name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("shell.projects")}</Menu.Label>
        {found.length >= SEARCH_FROM && (
          <TextInput
            size="xs"
            mb={4}
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
            placeholder={t("shell.findProject")}
            aria-label={t("shell.findProject")}
          />
        )}
        <ScrollArea.Autosize mah={300}>
          {shown.map((one) => (
            <Menu.Item
              key={one.id}
              onClick={() => void enter(one.id)}
              rightSection={one.id === session.project?.id && <IconCheck size={14} aria-hidden />}
              aria-current={one.id === session.project?.id}
            >
              {one.name}
            </Menu.Item>
          ))}
          {session.byCredential && <Menu.Item disabled>{t("shell.byCredential")}</Menu.Item>}
        </ScrollArea.Autosize>
      </Menu.Dropdown>
    </Menu>
  );
}

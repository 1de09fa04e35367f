// After the password, before the first page: which project?
import { Button, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Project } from "../api/sign_in";

const SEARCH_FROM = 8;

interface Props {
  projects: Project[];
  choose: (id: string) => void;
  leave: () => void;
}

export function ProjectChoice({ projects, choose, leave }: Props) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState("");
  const shown = projects.filter((one) => one.name.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <Stack gap="xs">
      <Text fw={600}>{t("signIn.choose")}</Text>
      {projects.length >= SEARCH_FROM && (
        <TextInput
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          placeholder={t("shell.findProject")}
          aria-label={t("shell.findProject")}
        />
      )}
      <ScrollArea.Autosize mah={320}>
        <Stack gap={6}>
          {shown.map((one) => (
            <Button
              key={one.id}
              variant="default"
              justify="flex-start"
              fullWidth
              onClick={() => choose(one.id)}
            >
              {one.name}
            </Button>
          ))}
        </Stack>
      </ScrollArea.Autosize>
      <Button variant="subtle" onClick={leave}>
        {t("signIn.other")}
      </Button>
    </Stack>
  );
}

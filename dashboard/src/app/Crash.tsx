// What is shown where a page itself failed: its sentence, and the way on.
import { Button, Code, Group, Text, Title } from "@mantine/core";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import classes from "./lone.module.css";

export function Crash({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div className={classes.lone} role="alert">
      <Title order={1}>{t("crash.title")}</Title>
      <Text c="dimmed">{t("crash.text")}</Text>
      <Code block>{error instanceof Error ? error.message : String(error)}</Code>
      <Group>
        <Button onClick={again}>{t("crash.again")}</Button>
        <Button variant="default" onClick={() => window.location.reload()}>
          {t("crash.reload")}
        </Button>
      </Group>
    </div>
  );
}

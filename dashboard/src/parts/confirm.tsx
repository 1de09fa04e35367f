// "Are you sure?", with what it will hit, the command that does the same, and what went wrong.
import { Button, Checkbox, Group, List, Stack, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorAlert } from "./ErrorAlert";
import { ShowCli } from "./ShowCli";

export interface Question {
  title: string;
  text: ReactNode;
  /** Names of what it hits, where they are several. */
  names?: string[];
  /** The button's word: a verb. */
  verb: string;
  danger?: boolean;
  cli?: string | string[];
  /** What must be typed before it is done: for what cannot be taken back and hits many. */
  typed?: string;
  /** A choice that the work takes along. */
  option?: string;
  /** May throw: the sentence is shown and the question stays open. */
  work: (option: boolean) => Promise<unknown>;
  /** Said when it is done. */
  done?: string;
}

/** Ask, and do it on yes. */
export function confirm(question: Question): void {
  const id = modals.open({
    title: question.title,
    centered: true,
    children: <Asked question={question} close={() => modals.close(id)} />,
  });
}

const NAMES_SHOWN = 8;

function Asked({ question, close }: { question: Question; close: () => void }) {
  const { t } = useTranslation("parts");
  const [typed, setTyped] = useState("");
  const [option, setOption] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const names = question.names ?? [];

  async function go(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await question.work(option);
      if (question.done) notifications.show({ message: question.done });
      close();
    } catch (problem) {
      setError(problem as Error);
      setBusy(false);
    }
  }

  return (
    <Stack>
      <Text size="sm" component="div">
        {question.text}
      </Text>
      {names.length > 0 && (
        <List size="sm">
          {names.slice(0, NAMES_SHOWN).map((name) => (
            <List.Item key={name}>{name}</List.Item>
          ))}
          {names.length > NAMES_SHOWN && (
            <List.Item>{t("confirm.more", { count: names.length - NAMES_SHOWN })}</List.Item>
          )}
        </List>
      )}
      {question.option && (
        <Checkbox
          label={question.option}
          checked={option}
          onChange={(event) => setOption(event.currentTarget.checked)}
        />
      )}
      {question.typed && (
        <TextInput
          label={t("confirm.type", { text: question.typed })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
        />
      )}
      {error && <ErrorAlert error={error} />}
      {question.cli && <ShowCli command={question.cli} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {t("confirm.no")}
        </Button>
        <Button
          color={question.danger ? "red" : undefined}
          loading={busy}
          disabled={question.typed !== undefined && typed !== question.typed}
          onClick={() => void go()}
          data-autofocus
        >
          {question.verb}
        </Button>
      </Group>
    </Stack>
  );
}

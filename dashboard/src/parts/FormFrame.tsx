// A form in a modal: its fields, the command that does the same, and the API's own words if it
// says no. It stays open with what was written in it until the change is done.
import { Button, Group, Stack } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorAlert } from "./ErrorAlert";
import { ShowCli } from "./ShowCli";

/** Open a modal; `body` gets the function that closes it. */
export function openForm(title: string, body: (close: () => void) => ReactNode, wide = false) {
  const id = modals.open({
    title,
    centered: true,
    size: wide ? "lg" : "md",
    children: body(() => modals.close(id)),
  });
}

interface Props {
  /** May throw: the sentence is shown and the form stays. */
  submit: () => Promise<unknown>;
  close: () => void;
  /** The button's word. */
  verb: string;
  cli: string | string[];
  /** Said when it is done. */
  done?: string;
  disabled?: boolean;
  children: ReactNode;
}

export function FormFrame({ submit, close, verb, cli, done, disabled, children }: Props) {
  const { t } = useTranslation("parts");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await submit();
      if (done) notifications.show({ message: done });
      close();
    } catch (problem) {
      setError(problem as Error);
      setBusy(false);
    }
  }

  return (
    <form onSubmit={(event) => void send(event)}>
      <Stack>
        {children}
        {error && <ErrorAlert error={error} />}
        <ShowCli command={cli} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("confirm.no")}
          </Button>
          <Button type="submit" loading={busy} disabled={disabled}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

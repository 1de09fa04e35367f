// A form in a modal: fields, the command that does the same, what went wrong, and two buttons.
import { Button, Group, Stack } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorAlert } from "./ErrorAlert";
import { ShowCli } from "./ShowCli";

/** Show a form; it is given the function that closes it. */
export function openForm(
  title: string,
  form: (close: () => void) => ReactNode,
  wide = false,
): void {
  const id = modals.open({
    title,
    centered: true,
    size: wide ? "lg" : "md",
    children: form(() => modals.close(id)),
  });
}

interface Props {
  /** May throw: the sentence is shown and the form stays open. */
  submit: () => Promise<unknown>;
  close: () => void;
  /** The button's word: a verb. */
  verb: string;
  danger?: boolean;
  disabled?: boolean;
  cli?: string | string[];
  /** Said when it is done. */
  done?: string;
  children: ReactNode;
}

export function FormFrame({ submit, close, verb, danger, disabled, cli, done, children }: Props) {
  const { t } = useTranslation("parts");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  async function go(event: FormEvent): Promise<void> {
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
    <form onSubmit={(event) => void go(event)}>
      <Stack>
        {children}
        {error && <ErrorAlert error={error} />}
        {cli && <ShowCli command={cli} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("confirm.no")}
          </Button>
          <Button
            type="submit"
            color={danger ? "red" : undefined}
            loading={busy}
            disabled={disabled}
          >
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

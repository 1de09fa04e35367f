// Deleting one thing or many, anywhere: asked about first, a few at a time, every one tried.
import { Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { confirm } from "./confirm";

const AT_ONCE = 6;
const CLI_SHOWN = 20;
const TYPED_ABOVE = 5;

/** Do it for all, a few at a time; throws the first refusal after all were tried. */
export async function forEach<T>(things: T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const waiting = [...things];
  const errors: Error[] = [];
  const run = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await work(next).catch((error: unknown) => errors.push(error as Error));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  if (errors[0]) throw errors[0];
}

export interface Removal<T> {
  name: (one: T) => string;
  cli: (one: T) => string;
  /** chosen: whether `option` was. */
  remove: (one: T, chosen: boolean) => Promise<unknown>;
  /** What is lost with it. */
  about: string;
  stale: QueryKey[];
  /** Its name must be typed, even of a single one: much is lost with it. */
  typed?: boolean;
  /** A choice that the deletion takes along. */
  option?: string;
  /** Where it is not deleted but taken out of something. */
  words?: { verb: string; ask: (what: string) => string; done: (what: string) => string };
}

/** A function that asks about the given things, deletes them, and calls `after`. */
export function useRemoval<T>({ name, cli, remove, about, stale, ...rest }: Removal<T>) {
  const { t } = useTranslation("parts");
  const words = rest.words ?? {
    verb: t("remove.verb"),
    ask: (what: string) => t("remove.title", { what }),
    done: (what: string) => t("remove.done", { what }),
  };
  const client = useQueryClient();
  return (things: T[], after?: () => void) => {
    const [first] = things;
    if (!first) return;
    const many = things.length > (rest.typed ? 1 : TYPED_ABOVE);
    const what = things.length === 1 ? name(first) : t("remove.many", { count: things.length });
    confirm({
      title: words.ask(what),
      text: about,
      names: things.length > 1 ? things.map(name) : undefined,
      verb: words.verb,
      danger: true,
      typed: many ? String(things.length) : rest.typed ? name(first) : undefined,
      cli: things.slice(0, CLI_SHOWN).map(cli),
      done: words.done(what),
      option: rest.option,
      work: async (chosen) => {
        try {
          await forEach(things, (one) => remove(one, chosen));
        } finally {
          void Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })));
        }
        after?.();
      },
    });
  };
}

/** The button over a table's chosen rows. */
interface RemoveProps {
  start: () => void;
  count: number;
  word?: string;
}

export function RemoveButton({ start, count, word }: RemoveProps) {
  const { t } = useTranslation("parts");
  return (
    <Button
      size="xs"
      variant="default"
      c={count > 0 ? "var(--unkai-bad)" : undefined}
      disabled={count === 0}
      leftSection={<IconTrash size={14} aria-hidden />}
      onClick={start}
    >
      {word ?? t("remove.verb")}
    </Button>
  );
}

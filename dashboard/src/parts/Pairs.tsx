// Keys and values that people keep with a thing: a box that shows them, a form that changes them.
import { Button, Text } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import type { QueryKey } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { Facts } from "./Facts";
import { FormFrame, openForm } from "./form";
import { Panel } from "./Panel";
import { SpecLines } from "./SpecLines";
import { openstack } from "./shell_words";
import { changesOf, fromLines, toLines } from "./spec_lines";

interface PanelProps {
  title: string;
  pairs: Record<string, string>;
  /** Said where there are none. */
  none: string;
  /** Over the form. */
  formTitle: string;
  form: (close: () => void) => ReactNode;
}

export function PairsPanel({ title, pairs, none, formTitle, form }: PanelProps) {
  const { t } = useTranslation("parts");
  const all = Object.entries(pairs);
  return (
    <Panel
      title={title}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconListDetails size={14} aria-hidden />}
          onClick={() => openForm(formTitle, form)}
        >
          {t("change")}
        </Button>
      }
    >
      {all.length === 0 ? (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      ) : (
        <Facts facts={all} />
      )}
    </Panel>
  );
}

/** set: new or other than before. gone: keys to take away. all: what it comes to. */
export interface PairChanges {
  set: Record<string, string>;
  gone: string[];
  all: Record<string, string>;
}

interface FormProps {
  label: string;
  before: Record<string, string>;
  /** The command's words before `set` and `unset`, and what it calls the thing. */
  words: readonly string[];
  id: string | number;
  /** The command knows no `unset`: it takes all away and sets the rest. */
  noUnset?: boolean;
  save: (changes: PairChanges) => Promise<unknown>;
  stale: QueryKey[];
  close: () => void;
}

export function PairsForm({ label, before, words, id, noUnset, save, stale, close }: FormProps) {
  const { t } = useTranslation("parts");
  const [text, setText] = useState(() => toLines(before));
  const { set, gone, wrong } = changesOf(before, text);
  const all = fromLines(text).specs;
  const change = useChange(() => save({ set, gone, all }), stale);
  const cli =
    noUnset && gone.length > 0
      ? [openstack(...words, "set", "--no-property", ...propertyWords(all), id)]
      : [
          Object.keys(set).length > 0 && openstack(...words, "set", ...propertyWords(set), id),
          gone.length > 0 &&
            openstack(...words, "unset", ...gone.flatMap((key) => ["--property", key]), id),
        ].filter((one) => one !== false);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      disabled={wrong !== undefined || cli.length === 0}
      cli={cli.length > 0 ? cli : undefined}
    >
      <SpecLines label={label} text={text} setText={setText} wrong={wrong} />
    </FormFrame>
  );
}

/** As options of a command. */
export function propertyWords(pairs: Record<string, string>): string[] {
  return Object.entries(pairs).flatMap(([key, value]) => ["--property", `${key}=${value}`]);
}

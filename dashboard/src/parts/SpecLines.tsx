// Keys and their values, written as lines.
import { Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface Props {
  label: string;
  text: string;
  setText: (text: string) => void;
  /** The first line that is no pair. */
  wrong: string | undefined;
}

export function SpecLines({ label, text, setText, wrong }: Props) {
  const { t } = useTranslation("parts");
  return (
    <Textarea
      label={label}
      description={t("lines.text")}
      error={wrong !== undefined && t("lines.wrong", { line: wrong })}
      value={text}
      autosize
      minRows={4}
      maxRows={14}
      spellCheck={false}
      onChange={(event) => setText(event.currentTarget.value)}
      data-autofocus
    />
  );
}

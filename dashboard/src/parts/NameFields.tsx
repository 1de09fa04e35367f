// What a thing is called, and words about it: the fields that most forms begin with.
import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

export interface Said {
  name: string;
  description: string;
}

interface Thing {
  name: string | null;
  description: string | null;
}

/** As the thing has them; empty for a new one. */
export function useSaid(thing?: Thing): [Said, (said: Said) => void] {
  return useState<Said>({ name: thing?.name ?? "", description: thing?.description ?? "" });
}

interface NameProps {
  value: string;
  set: (value: string) => void;
  required?: boolean;
  /** It keeps the name it has. */
  fixed?: boolean;
  /** The API's limit. */
  max?: number;
}

export function NameField({ value, set, required, fixed, max = 255 }: NameProps) {
  const { t } = useTranslation("parts");
  return (
    <TextInput
      label={t("name")}
      required={required}
      disabled={fixed}
      maxLength={max}
      value={value}
      onChange={(event) => set(event.currentTarget.value)}
      data-autofocus
    />
  );
}

interface Props extends Omit<NameProps, "value" | "set"> {
  said: Said;
  set: (said: Said) => void;
  /** Where the API sets no limit to the description. */
  anyLength?: boolean;
}

export function NameFields({ said, set, anyLength, ...rest }: Props) {
  const { t } = useTranslation("parts");
  return (
    <>
      <NameField value={said.name} set={(name) => set({ ...said, name })} {...rest} />
      <TextInput
        label={t("description")}
        maxLength={anyLength ? undefined : 255}
        value={said.description}
        onChange={(event) => set({ ...said, description: event.currentTarget.value })}
      />
    </>
  );
}

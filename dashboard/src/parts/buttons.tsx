// The buttons at the head of pages: make a thing, change it, delete it.
import { Button } from "@mantine/core";
import { IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { openForm } from "./form";

interface NewProps {
  /** On the button and over the form. */
  label: string;
  title?: string;
  form: (close: () => void) => ReactNode;
  wide?: boolean;
  /** In the head of a panel or over a table, beside smaller things. */
  small?: boolean;
}

/** Opens the form in which a new thing is made. */
export function NewButton({ label, title = label, form, wide, small = false }: NewProps) {
  return (
    <Button
      size={small ? "xs" : undefined}
      variant={small ? "default" : undefined}
      leftSection={<IconPlus size={small ? 14 : 16} aria-hidden />}
      onClick={() => openForm(title, form, wide)}
    >
      {label}
    </Button>
  );
}

interface EditProps {
  /** Of what is changed. */
  name: string;
  form: (close: () => void) => ReactNode;
}

export function EditButton({ name, form }: EditProps) {
  const { t } = useTranslation("parts");
  return (
    <Button
      variant="default"
      leftSection={<IconPencil size={16} aria-hidden />}
      onClick={() => openForm(t("editOf", { name }), form)}
    >
      {t("edit")}
    </Button>
  );
}

interface DeleteProps {
  start: () => void;
  disabled?: boolean;
}

export function DeleteButton({ start, disabled = false }: DeleteProps) {
  const { t } = useTranslation("parts");
  return (
    <Button
      variant="default"
      c={disabled ? undefined : "var(--unkai-bad)"}
      disabled={disabled}
      leftSection={<IconTrash size={16} aria-hidden />}
      onClick={start}
    >
      {t("remove.verb")}
    </Button>
  );
}

// Where forms and questions open; the button that closes them has a name.
import { ModalsProvider } from "@mantine/modals";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function Modals({ children }: { children: ReactNode }) {
  const { t } = useTranslation("parts");
  return (
    <ModalsProvider modalProps={{ closeButtonProps: { "aria-label": t("modal.close") } }}>
      {children}
    </ModalsProvider>
  );
}

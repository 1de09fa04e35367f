// Where forms and questions open; the button that closes them has a name, and their head is no
// banner: a page has one already.
import { ModalsProvider } from "@mantine/modals";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function Modals({ children }: { children: ReactNode }) {
  const { t } = useTranslation("parts");
  return (
    <ModalsProvider
      modalProps={{
        closeButtonProps: { "aria-label": t("modal.close") },
        styles: { title: { fontWeight: 650 } },
        attributes: { header: { role: "presentation" } },
      }}
    >
      {children}
    </ModalsProvider>
  );
}

// What is said in passing, in a corner; the button that closes it has a name.
import { MantineThemeProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";

export function Notices() {
  const { t } = useTranslation("parts");
  const closeButtonProps = { "aria-label": t("notice.close") };
  const theme = { components: { Notification: { defaultProps: { closeButtonProps } } } };
  return (
    <MantineThemeProvider inherit theme={theme}>
      <Notifications position="bottom-right" autoClose={6000} />
    </MantineThemeProvider>
  );
}

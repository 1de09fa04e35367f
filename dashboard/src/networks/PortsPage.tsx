// All ports of the project.
import { useTranslation } from "react-i18next";
import { Page } from "../parts/Page";
import { CreatePort, PortList } from "./PortList";

export function PortsPage() {
  const { t } = useTranslation("networks");
  return (
    <Page title={t("ports")} about={t("ports.about")} actions={<CreatePort />}>
      <PortList />
    </Page>
  );
}

// The forms about one server, opened by its buttons and its tabs.
import { useTranslation } from "react-i18next";
import type { Port, Server } from "../api/models";
import { openForm } from "../parts/form";
import { FloatingIpForm } from "./FloatingIpForm";
import { InterfaceForm } from "./InterfaceForm";
import { PortGroupsForm } from "./PortGroupsForm";
import { RebuildForm } from "./RebuildForm";
import { RenameForm } from "./RenameForm";

export function useServerForms(server: Server) {
  const { t } = useTranslation("servers");
  const name = { server: server.name };
  return {
    rename: () =>
      openForm(t("rename.title", name), (close) => <RenameForm server={server} close={close} />),
    rebuild: () =>
      openForm(t("rebuild.title", name), (close) => <RebuildForm server={server} close={close} />),
    attachFloatingIp: () =>
      openForm(t("fip.title", name), (close) => <FloatingIpForm server={server} close={close} />),
    attachInterface: () =>
      openForm(t("nic.title", name), (close) => <InterfaceForm server={server} close={close} />),
    chooseGroups: (port: Port) =>
      openForm(
        t("groups.title", { address: port.fixed_ips[0]?.ip_address ?? port.id }),
        (close) => <PortGroupsForm server={server} port={port} close={close} />,
      ),
  };
}

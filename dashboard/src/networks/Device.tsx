// What a port is plugged into: a server, a router, or something of the cloud's own.
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { TextLink } from "../parts/links";
import { type Owned, isRouterPort, isServerPort } from "./ports";

export function Device({ port, names }: { port: Owned; names: Map<string, string> }) {
  const { t } = useTranslation("networks");
  const name = names.get(port.device_id);
  const shown = name ?? port.device_id.slice(0, 8);
  if (isServerPort(port))
    return (
      <TextLink to="/servers/$serverId" params={{ serverId: port.device_id }}>
        {shown}
      </TextLink>
    );
  if (isRouterPort(port))
    return (
      <TextLink to="/routers/$routerId" params={{ routerId: port.device_id }}>
        {shown}
      </TextLink>
    );
  const own: Record<string, string> = {
    "network:dhcp": t("owner.dhcp"),
    "network:distributed": t("owner.metadata"),
    "network:floatingip": t("owner.floatingip"),
  };
  return (
    <Text span size="sm" c={port.device_owner ? undefined : "dimmed"}>
      {own[port.device_owner] ?? (port.device_owner || t("owner.none"))}
    </Text>
  );
}

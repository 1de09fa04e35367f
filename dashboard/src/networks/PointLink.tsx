// The way from a point of the topology to its page.
import { useTranslation } from "react-i18next";
import { TextLink } from "../parts/links";
import type { Point } from "./topology_model";

export function PointLink({ point }: { point: Point }) {
  const { t } = useTranslation("networks");
  const { id, name, kind, many } = point;
  if (many !== undefined)
    return (
      <TextLink to="/servers" fw={600}>
        {t("topology.many", { count: many })}
      </TextLink>
    );
  if (kind === "server")
    return (
      <TextLink to="/servers/$serverId" params={{ serverId: id }} fw={600} title={name}>
        {name}
      </TextLink>
    );
  if (kind === "router")
    return (
      <TextLink to="/routers/$routerId" params={{ routerId: id }} fw={600} title={name}>
        {name}
      </TextLink>
    );
  return (
    <TextLink to="/networks/$networkId" params={{ networkId: id }} fw={600} title={name}>
      {name}
    </TextLink>
  );
}

// The way from a point of the topology to its page.
import { TextLink } from "../parts/links";
import type { Point } from "./topology_model";

export function PointLink({ point }: { point: Point }) {
  const { id, name, kind } = point;
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

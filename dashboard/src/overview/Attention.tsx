// What somebody should look at, worst first, each with the way to it.
import { Stack, Text } from "@mantine/core";
import type { Server } from "../api/models";
import type { NodeState } from "./queries";
import { TextLink } from "../parts/links";
import { StateBadge } from "../parts/StateBadge";
import classes from "./Attention.module.css";

export interface Trouble {
  id: string;
  kind: "server" | "node";
  name: string;
  state: string;
  text: string;
}

/** Of each kind so many are asked for. */
export const SHOWN = 8;

export function troublesOf(servers: Server[], nodes: NodeState[]): Trouble[] {
  const broken = servers
    .filter((one) => one.status === "ERROR")
    .map((one) => ({
      id: one.id,
      kind: "server" as const,
      name: one.name,
      state: one.status,
      text: one.fault?.message ?? "",
    }));
  const failed = nodes
    .filter((one) => /(failed|error)$/.test(one.provision_state))
    .map((one) => ({
      id: one.uuid,
      kind: "node" as const,
      name: one.name ?? one.uuid,
      state: one.provision_state,
      text: "",
    }));
  return [...broken, ...failed];
}

export function Attention({ troubles }: { troubles: Trouble[] }) {
  return (
    <Stack gap="xs" component="ul" className={classes.list}>
      {troubles.slice(0, SHOWN).map((one) => (
        <li key={one.id} className={classes.item}>
          <StateBadge state={one.state} />
          {one.kind === "server" ? (
            <TextLink to="/servers/$serverId" params={{ serverId: one.id }} fw={550}>
              {one.name}
            </TextLink>
          ) : (
            <TextLink to="/nodes/$nodeId" params={{ nodeId: one.id }} fw={550}>
              {one.name}
            </TextLink>
          )}
          <Text size="sm" c="dimmed" lineClamp={2}>
            {one.text}
          </Text>
        </li>
      ))}
    </Stack>
  );
}

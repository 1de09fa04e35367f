// The states of a node as badges: the same in the list, on the rack and on its page.
import { Text, Tooltip } from "@mantine/core";
import { IconTools } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { StateBadge } from "../parts/StateBadge";
import type { Tone } from "../parts/states";
import type { NodeRow } from "./models";
import { isBusy, isFailed } from "./states";

const HEALTH: Record<string, Tone> = { ok: "good", warning: "warn", critical: "bad" };

export function toneOfNode(node: NodeRow): Tone | undefined {
  const state = node.provision_state;
  if (isFailed(state)) return "bad";
  if (isBusy(state)) return "busy";
  return state.endsWith("hold") ? "warn" : undefined;
}

export function Provision({ node }: { node: NodeRow }) {
  const target = node.target_provision_state;
  const doing = isBusy(node.provision_state) && target ? `→ ${target}` : null;
  return <StateBadge state={node.provision_state} doing={doing} tone={toneOfNode(node)} />;
}

export function Power({ node }: { node: NodeRow }) {
  const { t } = useTranslation("baremetal");
  if (node.power_state === null) return <StateBadge state={t("unknown")} tone="off" />;
  return (
    <StateBadge
      state={node.power_state}
      doing={node.target_power_state && `→ ${node.target_power_state}`}
    />
  );
}

export function Health({ node }: { node: NodeRow }) {
  const { t } = useTranslation("baremetal");
  if (!node.health)
    return (
      <Text size="sm" c="dimmed" component="span">
        {t("unknown")}
      </Text>
    );
  return <StateBadge state={node.health} tone={HEALTH[node.health.toLowerCase()]} />;
}

export function Maintenance({ node }: { node: NodeRow }) {
  const { t } = useTranslation("baremetal");
  if (!node.maintenance) return null;
  const why = node.maintenance_reason ?? node.fault;
  const badge = <StateBadge state={t("maintenance")} tone="warn" />;
  return why ? (
    <Tooltip label={why} multiline maw={360}>
      <span>{badge}</span>
    </Tooltip>
  ) : (
    badge
  );
}

export function MaintenanceMark({ node }: { node: NodeRow }) {
  const { t } = useTranslation("baremetal");
  if (!node.maintenance) return null;
  return (
    <Tooltip label={node.maintenance_reason ?? t("maintenance")}>
      <IconTools
        size={16}
        role="img"
        aria-label={t("maintenance")}
        color="var(--unkai-warn)"
        style={{ flexShrink: 0 }}
      />
    </Tooltip>
  );
}

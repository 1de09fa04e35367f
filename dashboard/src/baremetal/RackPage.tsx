// Every machine at a glance: cards in groups, marked where something needs a hand.
import { Group, SegmentedControl, Skeleton, Stack, Text } from "@mantine/core";
import { IconList, IconServerCog } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { ButtonLink } from "../parts/links";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { toneOf } from "../parts/states";
import { Health, Maintenance, Power, Provision, toneOfNode } from "./NodeStates";
import { type NodeRow, nameOf } from "./models";
import { nodeRows } from "./queries";
import classes from "./RackPage.module.css";

const GROUPS = ["resource_class", "shard", "chassis_uuid", "conductor_group", "none"] as const;
type By = (typeof GROUPS)[number];

export function RackPage() {
  const { t } = useTranslation("baremetal");
  const [by, setBy] = useState<By>("resource_class");
  const nodes = useList(nodeRows());
  const groups = groupsOf(nodes.data ?? [], by, t);
  return (
    <Page
      title={t("rack")}
      about={t("rackAbout")}
      crumbs={[{ label: t("title"), to: "/nodes" }]}
      actions={
        <ButtonLink to="/nodes" variant="default" leftSection={<IconList size={16} aria-hidden />}>
          {t("list")}
        </ButtonLink>
      }
    >
      <Stack>
        <Group gap="xs" className={classes.tools}>
          <SegmentedControl
            size="xs"
            value={by}
            onChange={(value) => setBy(value as By)}
            aria-label={t("groupBy")}
            data={GROUPS.map((value) => ({ value, label: t(`by.${value}`) }))}
          />
        </Group>
        {nodes.error && <ErrorAlert error={nodes.error} again={() => void nodes.refetch()} />}
        {nodes.isPending && <Skeleton height={160} />}
        {nodes.data?.length === 0 && <Empty icon={IconServerCog} title={t("empty")} />}
        {groups.map(([name, members]) => (
          <Panel
            key={name}
            title={name}
            actions={
              <Text size="sm" c="dimmed">
                {t("many", { count: members.length })}
              </Text>
            }
          >
            <ul className={classes.rack}>
              {members.map((one) => (
                <li key={one.uuid}>
                  <Card node={one} />
                </li>
              ))}
            </ul>
          </Panel>
        ))}
      </Stack>
    </Page>
  );
}

function Card({ node }: { node: NodeRow }) {
  const { t } = useTranslation("baremetal");
  const tone = toneOfNode(node) ?? toneOf(node.provision_state);
  return (
    <Link
      to="/nodes/$nodeId"
      params={{ nodeId: node.uuid }}
      className={classes.card}
      data-tone={node.maintenance ? "warn" : tone}
    >
      <span className={classes.name}>{nameOf(node)}</span>
      <Provision node={node} />
      <Power node={node} />
      {node.health && <Health node={node} />}
      <Maintenance node={node} />
      <span className={classes.instance}>
        {node.instance_uuid ? (node.instance_name ?? node.instance_uuid) : t("free")}
      </span>
    </Link>
  );
}

function groupsOf(nodes: NodeRow[], by: By, t: TFunction<"baremetal">): [string, NodeRow[]][] {
  const found = new Map<string, NodeRow[]>();
  for (const node of nodes) {
    const key = (by === "none" ? t("allNodes") : node[by]) || t(`without.${by as "shard"}`);
    found.set(key, [...(found.get(key) ?? []), node]);
  }
  const order = (a: NodeRow, b: NodeRow) =>
    nameOf(a).localeCompare(nameOf(b), undefined, { numeric: true });
  return [...found]
    .sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
    .map(([name, members]) => [name, members.sort(order)]);
}

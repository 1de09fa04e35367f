// Every machine at a glance: cards in groups, marked where something needs a hand.
import { Group, SegmentedControl, Skeleton, Stack } from "@mantine/core";
import { IconList, IconServerCog } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { ButtonLink } from "../parts/links";
import { Page } from "../parts/Page";
import { RackLines } from "./RackLines";
import type { NodeRow } from "./models";
import { nodeRows } from "./queries";
import { groupsOf } from "./rack_model";
import classes from "./RackPage.module.css";

const GROUPS = ["resource_class", "shard", "chassis_uuid", "conductor_group", "none"] as const;
type By = (typeof GROUPS)[number];

export function RackPage() {
  const { t } = useTranslation("baremetal");
  const [by, setBy] = useState<By>("resource_class");
  const nodes = useList(nodeRows());
  const groups = useMemo(() => {
    const name = (node: NodeRow) =>
      (by === "none" ? t("allNodes") : node[by]) || t(`without.${by as "shard"}`);
    return groupsOf(nodes.data ?? [], name);
  }, [nodes.data, by, t]);
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
        {groups.length > 0 && <RackLines groups={groups} />}
      </Stack>
    </Page>
  );
}

// One physical machine: where it is on its way, what happened to it, what it is made of.
import { Group, Skeleton, Stack, Tabs, Text } from "@mantine/core";
import { IconServerOff } from "@tabler/icons-react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isGone } from "../api/errors";
import { useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { ButtonLink } from "../parts/links";
import { Page } from "../parts/Page";
import { ConsoleTab } from "./ConsoleTab";
import { HistoryTab } from "./HistoryTab";
import { InventoryTab } from "./InventoryTab";
import { NodeMenu } from "./NodeMenu";
import { Maintenance, Power, Provision } from "./NodeStates";
import { OverviewTab } from "./OverviewTab";
import { PortsTab } from "./PortsTab";
import { RecorderTab } from "./RecorderTab";
import { SensorsTab } from "./SensorsTab";
import { SettingsTab } from "./SettingsTab";
import { type MetalNode, nameOf } from "./models";
import { nodeOne } from "./queries";
import classes from "./NodePage.module.css";
import { isBusy } from "./states";

const TABS = {
  overview: OverviewTab,
  recorder: RecorderTab,
  inventory: InventoryTab,
  ports: PortsTab,
  console: ConsoleTab,
  sensors: SensorsTab,
  settings: SettingsTab,
  history: HistoryTab,
} as const satisfies Record<string, (props: { node: MetalNode }) => ReactNode>;
type Tab = keyof typeof TABS;

const BUSY_MS = 1500;

export function NodePage() {
  const { t } = useTranslation("baremetal");
  const { nodeId } = useParams({ from: "/shell/nodes/$nodeId" });
  const { tab } = useSearch({ from: "/shell/nodes/$nodeId" });
  const navigate = useNavigate();
  const known = useOne(nodeOne(nodeId));
  const busy = known.data && (isBusy(known.data.provision_state) || known.data.target_power_state);
  const asked = useOne(nodeOne(nodeId), { every: busy ? BUSY_MS : undefined });
  const crumbs = [{ label: t("title"), to: "/nodes" as const }];
  const node = asked.data;

  if (isGone(asked.error))
    return (
      <Page title={t("notThere")} crumbs={crumbs}>
        <Empty
          icon={IconServerOff}
          title={t("notThere")}
          text={t("notThereText")}
          action={<ButtonLink to="/nodes">{t("title")}</ButtonLink>}
        />
      </Page>
    );
  if (!node)
    return (
      <Page title={nodeId} crumbs={crumbs}>
        {asked.error ? <ErrorAlert error={asked.error} /> : <Skeleton height={320} />}
      </Page>
    );
  const here: Tab = tab !== undefined && tab in TABS ? (tab as Tab) : "overview";
  return (
    <Page
      title={nameOf(node)}
      crumbs={crumbs}
      mark={
        <Group gap="sm">
          <Provision node={node} />
          <Power node={node} />
          <Maintenance node={node} />
        </Group>
      }
      about={node.description}
      actions={<NodeMenu node={node} word={t("actions")} />}
    >
      <Stack>
        {node.last_error && <ErrorAlert error={new Error(node.last_error)} />}
        {node.maintenance && node.maintenance_reason && (
          <Text size="sm" c="var(--unkai-warn)">
            {t("inMaintenance", { reason: node.maintenance_reason })}
          </Text>
        )}
        <Tabs
          value={here}
          keepMounted={false}
          onChange={(value) =>
            void navigate({
              to: "/nodes/$nodeId",
              params: { nodeId },
              search: value && value !== "overview" ? { tab: value } : {},
              replace: true,
            })
          }
        >
          <Tabs.List className={classes.tabs} aria-label={t("tabs")}>
            {(Object.keys(TABS) as Tab[]).map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t(`tab.${one}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {(Object.keys(TABS) as Tab[]).map((one) => {
            const Content = TABS[one];
            return (
              <Tabs.Panel key={one} value={one} pt="md">
                <Content node={node} />
              </Tabs.Panel>
            );
          })}
        </Tabs>
      </Stack>
    </Page>
  );
}

// One server: its state, what can be done, and everything known about it, by tabs.
import { Alert, Group, Skeleton, Tabs, Text } from "@mantine/core";
import { IconLock, IconServerOff } from "@tabler/icons-react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type ComponentType, Suspense, lazy } from "react";
import { useTranslation } from "react-i18next";
import { isGone } from "../api/errors";
import type { Server } from "../api/models";
import { useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Page } from "../parts/Page";
import { StateBadge } from "../parts/StateBadge";
import { ButtonLink } from "../parts/links";
import { ServerButtons } from "./ServerButtons";
import { ServerOverview } from "./ServerOverview";
import { serverOne } from "./queries";

const TABS: Record<string, ComponentType<{ server: Server }>> = {
  overview: ServerOverview,
  placement: lazy(() => import("./PlacementTab")),
  console: lazy(() => import("./ConsoleTab")),
  metrics: lazy(() => import("./MetricsTab")),
  log: lazy(() => import("./LogTab")),
  actions: lazy(() => import("./ActionsTab")),
  volumes: lazy(() => import("./VolumesTab")),
  network: lazy(() => import("./NetworkTab")),
  metadata: lazy(() => import("./MetadataTab")),
};

export function ServerPage() {
  const { t } = useTranslation("servers");
  const navigate = useNavigate();
  const { serverId } = useParams({ from: "/shell/servers/$serverId" });
  const { tab = "overview" } = useSearch({ from: "/shell/servers/$serverId" });
  const { data: server, error, refetch } = useOne(serverOne(serverId));
  const crumbs = [{ label: t("crumb"), to: "/servers" as const }];

  if (isGone(error))
    return (
      <Page title={t("notThere")} crumbs={crumbs}>
        <Empty
          icon={IconServerOff}
          title={t("notThere")}
          text={t("notThereText")}
          action={<ButtonLink to="/servers">{t("title")}</ButtonLink>}
        />
      </Page>
    );
  if (!server)
    return (
      <Page title={t("name")} crumbs={crumbs}>
        {error ? <ErrorAlert error={error} again={() => void refetch()} /> : <Skeleton h={300} />}
      </Page>
    );
  return (
    <Page
      title={server.name}
      crumbs={crumbs}
      about={server.description !== server.name && server.description}
      mark={
        <Group gap="sm">
          <StateBadge state={server.status} doing={server["OS-EXT-STS:task_state"]} />
          {server.locked && (
            <Text size="sm" c="dimmed" component="span">
              <IconLock size={14} aria-hidden /> {t("locked")}
            </Text>
          )}
        </Group>
      }
      actions={<ServerButtons server={server} />}
    >
      {server.fault && (
        <Alert
          color="red"
          variant="outline"
          mb="md"
          title={t("fault", { message: server.fault.message })}
          styles={{ title: { color: "var(--unkai-bad)" } }}
        >
          {server.fault.details}
        </Alert>
      )}
      <Tabs
        value={tab in TABS ? tab : "overview"}
        onChange={(value) =>
          void navigate({
            to: "/servers/$serverId",
            params: { serverId },
            search: value && value !== "overview" ? { tab: value } : {},
            replace: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {Object.keys(TABS).map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`tab.${name as "overview"}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(TABS).map(([name, Tab]) => (
          <Tabs.Panel key={name} value={name}>
            <Suspense fallback={<Skeleton h={200} />}>
              <Tab server={server} />
            </Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

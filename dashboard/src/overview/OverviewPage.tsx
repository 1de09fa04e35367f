// The first page: what needs attention, what is used, what runs.
import { SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { useList, useOne } from "../api/queries";
import { isAdmin, useSession } from "../api/session";
import { ErrorAlert } from "../parts/ErrorAlert";
import { ButtonLink, TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { mib } from "../parts/times";
import { limits } from "../servers/queries";
import { mainAddress } from "../servers/words";
import { volumeLimits } from "../volumes/queries";
import { Attention, SHOWN, troublesOf } from "./Attention";
import { Gauge } from "../parts/Gauge";
import { failedServers, networkQuota, newestServers, nodeStates } from "./queries";
import classes from "./OverviewPage.module.css";

const RECENT = 6;

export function OverviewPage() {
  const { t } = useTranslation("overview");
  const session = useSession();
  const admin = isAdmin(session);
  const newest = useList(newestServers(RECENT));
  const failed = useList(failedServers(SHOWN));
  const nodes = useList(nodeStates(), { enabled: admin });
  const used = useOne(limits()).data;
  const launch = (
    <ButtonLink to="/servers/launch" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("launch")}
    </ButtonLink>
  );
  const error = newest.error ?? failed.error;
  const again = () => void Promise.all([newest.refetch(), failed.refetch()]);
  const troubles = troublesOf(failed.data ?? [], nodes.data ?? []);
  return (
    <Page
      title={t("title")}
      about={t("about", { project: session?.project?.name })}
      actions={launch}
    >
      <Stack>
        {error && <ErrorAlert error={error} again={again} />}
        <Panel title={t("attention")}>
          {failed.isPending ? (
            <Skeleton height={24} />
          ) : troubles.length > 0 ? (
            <Attention troubles={troubles} />
          ) : (
            <div className={classes.well}>
              <IconCircleCheck size={20} aria-hidden />
              <Text size="sm">{t("allWell")}</Text>
            </div>
          )}
        </Panel>
        <Quotas projectId={session?.project?.id ?? ""} />
        <Panel
          title={t("recent")}
          flush
          actions={
            <TextLink to="/servers">
              {t("allServers", { count: used?.totalInstancesUsed ?? newest.data?.length ?? 0 })}
            </TextLink>
          }
        >
          <Recent servers={newest.data} />
        </Panel>
      </Stack>
    </Page>
  );
}

function Quotas({ projectId }: { projectId: string }) {
  const { t } = useTranslation("overview");
  const compute = useOne(limits(), { every: 15_000 });
  const network = useOne(networkQuota(projectId), { every: 15_000 });
  const storage = useOne(volumeLimits(), { every: 15_000 });
  const quota = compute.data;
  const disks = storage.data;
  const nets = network.data;
  return (
    <Panel title={t("usage")}>
      {compute.error && <ErrorAlert error={compute.error} />}
      {network.error && <ErrorAlert error={network.error} />}
      {storage.error && <ErrorAlert error={storage.error} />}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="xl" verticalSpacing="lg">
        <Gauge
          label={t("servers")}
          used={quota?.totalInstancesUsed}
          limit={quota?.maxTotalInstances}
        />
        <Gauge label={t("cores")} used={quota?.totalCoresUsed} limit={quota?.maxTotalCores} />
        <Gauge
          label={t("memory")}
          used={quota?.totalRAMUsed}
          limit={quota?.maxTotalRAMSize}
          words={mib}
        />
        <Gauge label={t("volumes")} used={disks?.totalVolumesUsed} limit={disks?.maxTotalVolumes} />
        <Gauge
          label={t("storage")}
          used={disks?.totalGigabytesUsed}
          limit={disks?.maxTotalVolumeGigabytes}
          words={(size) => `${size} GiB`}
        />
        <Gauge label={t("backups")} used={disks?.totalBackupsUsed} limit={disks?.maxTotalBackups} />
        <Gauge
          label={t("floatingIps")}
          used={nets?.floatingip?.used}
          limit={nets?.floatingip?.limit}
        />
        <Gauge label={t("networks")} used={nets?.network?.used} limit={nets?.network?.limit} />
        <Gauge
          label={t("securityGroups")}
          used={nets?.security_group?.used}
          limit={nets?.security_group?.limit}
        />
      </SimpleGrid>
    </Panel>
  );
}

function Recent({ servers }: { servers: Server[] | undefined }) {
  const { t } = useTranslation("overview");
  if (!servers) return <Skeleton height={80} m="md" />;
  if (servers.length === 0)
    return (
      <Text size="sm" c="dimmed" p="md">
        {t("noServers")}
      </Text>
    );
  return (
    <ul className={classes.list}>
      {servers.map((one) => (
        <li key={one.id} className={classes.item}>
          <TextLink to="/servers/$serverId" params={{ serverId: one.id }} fw={550} truncate>
            {one.name}
          </TextLink>
          <StateBadge state={one.status} doing={one["OS-EXT-STS:task_state"]} />
          <Text size="sm" ff="monospace" c="dimmed" visibleFrom="sm">
            {mainAddress(one)}
          </Text>
          <Text size="sm" c="dimmed" className={classes.when}>
            <When at={one.created} />
          </Text>
        </li>
      ))}
    </ul>
  );
}

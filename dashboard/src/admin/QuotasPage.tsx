// What a project may use, changed in place: of compute, of volumes and of the network.
import { Button, Group, NumberInput, Select, SimpleGrid, Skeleton, Stack } from "@mantine/core";
import type { QueryKey } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useChange, useList, useOne } from "../api/queries";
import { useSession } from "../api/session";
import { PROJECT, listOf } from "../identity/things";
import { networkQuota } from "../overview/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { volumeQuota } from "../volumes/queries";
import type en from "./en.json";
import { quotaOf, setComputeQuota, setNetworkQuota, setVolumeQuota } from "./queries";

/** A quota's name in the API, and what the client calls its option. */
const COMPUTE = {
  instances: "--instances",
  cores: "--cores",
  ram: "--ram",
  key_pairs: "--key-pairs",
  metadata_items: "--properties",
  server_groups: "--server-groups",
  server_group_members: "--server-group-members",
} as const;
const NETWORK = {
  network: "--networks",
  subnet: "--subnets",
  port: "--ports",
  router: "--routers",
  floatingip: "--floating-ips",
  security_group: "--secgroups",
  security_group_rule: "--secgroup-rules",
  subnetpool: "--subnetpools",
  rbac_policy: "--rbac-policies",
} as const;

const VOLUMES = {
  volumes: "--volumes",
  gigabytes: "--gigabytes",
  per_volume_gigabytes: "--per-volume-gigabytes",
  snapshots: "--snapshots",
  backups: "--backups",
  backup_gigabytes: "--backup-gigabytes",
  groups: "--groups",
} as const;

export function QuotasPage() {
  const { t } = useTranslation("admin");
  const session = useSession();
  const projects = useList(listOf(PROJECT));
  const [chosen, setChosen] = useState<string | null>(null);
  const projectId = chosen ?? session?.project?.id ?? "";
  const asked = { enabled: projectId !== "" };
  const compute = useOne(quotaOf(projectId), asked);
  const network = useOne(networkQuota(projectId), asked);
  const volumes = useOne(volumeQuota(projectId), asked);
  return (
    <Page title={t("quotas")} about={t("quotas.about")}>
      <Stack>
        <Select
          label={t("project")}
          data={(projects.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
          value={projectId}
          onChange={setChosen}
          allowDeselect={false}
          searchable
          maw={420}
        />
        {projects.error && <ErrorAlert error={projects.error} />}
        <SimpleGrid cols={{ base: 1, md: 2, lg: 3 }} style={{ alignItems: "start" }}>
          <Limits
            key={`compute ${projectId}`}
            title={t("quotas.compute")}
            options={COMPUTE}
            quota={compute.data && toUsed(compute.data, (one) => one.in_use)}
            error={compute.error}
            save={(limits) => setComputeQuota(projectId, limits)}
            stale={keys.limits}
            projectId={projectId}
          />
          <Limits
            key={`network ${projectId}`}
            title={t("quotas.network")}
            options={NETWORK}
            quota={network.data && toUsed(network.data, (one) => one.used)}
            error={network.error}
            save={(limits) => setNetworkQuota(projectId, limits)}
            stale={keys.networkQuota}
            projectId={projectId}
            flag="--check-limit"
          />
          <Limits
            key={`volumes ${projectId}`}
            title={t("quotas.volumes")}
            options={VOLUMES}
            quota={volumes.data && toUsed(volumes.data, (one) => one.in_use)}
            error={volumes.error}
            save={(limits) => setVolumeQuota(projectId, limits)}
            stale={keys.volumeLimits}
            projectId={projectId}
          />
        </SimpleGrid>
      </Stack>
    </Page>
  );
}

/** Limits of one thing, not of how much there is. */
const SIZES = new Set<Name>(["per_volume_gigabytes"]);

interface Used {
  limit: number;
  used: number;
}

function toUsed<T extends { limit: number }>(
  quota: Record<string, T>,
  used: (one: T) => number,
): Record<string, Used> {
  const each = Object.entries(quota).filter(([, one]) => typeof one === "object");
  return Object.fromEntries(
    each.map(([name, one]) => [name, { limit: one.limit, used: used(one) }]),
  );
}

type Name = keyof typeof COMPUTE | keyof typeof NETWORK | keyof typeof VOLUMES;
type Word = keyof typeof en & `quota.${Name}`;

interface LimitsProps {
  title: string;
  options: Partial<Record<Name, string>>;
  quota: Record<string, Used> | undefined;
  error: Error | null;
  save: (limits: Record<string, number>) => Promise<void>;
  stale: QueryKey;
  projectId: string;
  /** What the command needs beside the limits, to do just the same. */
  flag?: string;
}

function Limits({ title, options, quota, error, save, stale, projectId, flag }: LimitsProps) {
  const { t } = useTranslation("admin");
  const [said, setSaid] = useState<Partial<Record<Name, number>>>({});
  const names = Object.keys(options) as Name[];
  const changed = names.filter(
    (name) => said[name] !== undefined && said[name] !== quota?.[name]?.limit,
  );
  const change = useChange(async () => {
    await save(Object.fromEntries(changed.map((name) => [name, said[name] ?? 0])));
    setSaid({});
  }, [stale]);
  const words = changed.flatMap((name) => [options[name], String(said[name])]);
  return (
    <Panel title={title}>
      <Stack gap="sm">
        {error && <ErrorAlert error={error} />}
        {!quota && !error && <Skeleton height={320} />}
        {names.map((name) => {
          const one = quota?.[name];
          return (
            one && (
              <NumberInput
                key={name}
                label={t(`quota.${name}` as Word)}
                description={!SIZES.has(name) && t("quotas.used", { used: one.used })}
                value={said[name] ?? one.limit}
                min={-1}
                allowDecimal={false}
                onChange={(value) =>
                  typeof value === "number" && setSaid({ ...said, [name]: value })
                }
              />
            )
          );
        })}
        {change.error && <ErrorAlert error={change.error} />}
        {changed.length > 0 && (
          <ShowCli command={openstack("quota", "set", ...words, flag, projectId)} />
        )}
        <Group>
          <Button
            loading={change.isPending}
            disabled={changed.length === 0}
            onClick={() => change.mutate(undefined)}
            aria-label={t("quotas.save", { what: title })}
          >
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

// Beside the form: what the launch would take, where it would land, and the button.
import { Button, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Flavor } from "../api/models";
import { useOne } from "../api/queries";
import { Gauge } from "../parts/Gauge";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { ShowCli } from "../parts/ShowCli";
import { duration, mib } from "../parts/times";
import { volumeLimits } from "../volumes/queries";
import { type Launch, bodyOf, hasRoot, newGib, newVolumes } from "./launch_model";
import { limits } from "./queries";
import { rehearsal } from "./rehearsal";
import { isMetal } from "./words";
import classes from "./LaunchSummary.module.css";

interface Props {
  launch: Launch;
  flavor: Flavor | undefined;
  command: string;
  error: Error | null;
  busy: boolean;
}

const TYPED_MS = 400;

export function LaunchSummary({ launch, flavor, command, error, busy }: Props) {
  const { t } = useTranslation("servers");
  const quota = useOne(limits()).data;
  const metal = flavor !== undefined && isMetal(flavor);
  const whole = flavor !== undefined && hasRoot(launch);
  const room = useOne(volumeLimits()).data;
  const [body] = useDebouncedValue(
    whole ? JSON.stringify(bodyOf({ ...launch, name: "x" })) : null,
    TYPED_MS,
  );
  const { data: seen, error: doubt } = useQuery({
    ...rehearsal(body ?? ""),
    enabled: body !== null,
  });
  const more = (used: number | undefined, each: number | undefined) =>
    used === undefined ? undefined : used + (each ?? 0) * launch.count;
  const instances = more(quota?.totalInstancesUsed, flavor && 1);
  const cores = more(quota?.totalCoresUsed, flavor?.vcpus);
  const memory = more(quota?.totalRAMUsed, flavor?.ram);
  const disks = more(room?.totalVolumesUsed, newVolumes(launch));
  const gib = more(room?.totalGigabytesUsed, newGib(launch));
  const over =
    exceeds(disks, room?.maxTotalVolumes) ||
    exceeds(gib, room?.maxTotalVolumeGigabytes) ||
    exceeds(instances, quota?.maxTotalInstances) ||
    exceeds(cores, quota?.maxTotalCores) ||
    exceeds(memory, quota?.maxTotalRAMSize);
  const refused = seen?.servers.find((one) => !one.fits);
  return (
    <div className={classes.sticky}>
      <Panel title={t("launch.quota")}>
        <Stack>
          <Gauge label={t("title")} used={instances} limit={quota?.maxTotalInstances} />
          <Gauge label="vCPU" used={cores} limit={quota?.maxTotalCores} />
          <Gauge
            label={t("launch.memory")}
            used={memory}
            limit={quota?.maxTotalRAMSize}
            words={mib}
          />
          {newVolumes(launch) > 0 && (
            <Gauge
              label={t("launch.volumes")}
              used={gib}
              limit={room?.maxTotalVolumeGigabytes}
              words={(size) => `${size} GiB`}
            />
          )}
          {over && (
            <Text size="sm" c="var(--unkai-bad)" role="status">
              {t("launch.overQuota")}
            </Text>
          )}
          {seen && !refused && (
            <Text size="sm" role="status">
              {t("launch.wouldFit", { host: seen.servers.map((one) => one.host).join(", ") })}
            </Text>
          )}
          {doubt && (
            <Text size="sm" c="var(--unkai-bad)" role="status">
              {doubt.message}
            </Text>
          )}
          {refused && (
            <Text size="sm" c="var(--unkai-bad)" role="status">
              {refused.fault ?? t("placement.nowhere")}
            </Text>
          )}
          <Text size="sm" c="dimmed">
            {t("launch.typical")}:{" "}
            {seen?.expected_boot
              ? duration(seen.expected_boot.median_s * 1000)
              : t(metal ? "launch.typicalMetal" : "launch.typicalGuest")}
          </Text>
          {error && <ErrorAlert error={error} />}
          <Button
            type="submit"
            size="md"
            fullWidth
            loading={busy}
            disabled={!launch.name.trim() || !whole || over}
          >
            {t("launch.submit", { count: launch.count })}
          </Button>
          <ShowCli command={command} />
        </Stack>
      </Panel>
    </div>
  );
}

function exceeds(used: number | undefined, limit: number | undefined): boolean {
  return used !== undefined && limit !== undefined && limit >= 0 && used > limit;
}

// Where a node is on its way, what is expected next and for how long, and what can be done now.
import { Button, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconHourglass, IconRocket } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { ButtonLink, TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { duration } from "../parts/times";
import { useNow } from "../parts/useNow";
import { useTimeline } from "../parts/useTimeline";
import { When } from "../parts/When";
import { Health, Power } from "./NodeStates";
import { StateRoad } from "./StateRoad";
import classes from "./OverviewTab.module.css";
import type { MetalNode } from "./models";
import { portsOf } from "./queries";
import { useVerbs } from "./run_verb";
import { isBusy } from "./states";
import { flavorList } from "../servers/queries";
import { isOfClass } from "../servers/words";
import { VERBS } from "./verbs";

export function OverviewTab({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  return (
    <Stack>
      <Panel title={t("road")}>
        <Stack>
          <StateRoad node={node} />
          <Expected node={node} />
        </Stack>
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <NodeFacts node={node} />
        <Verbs node={node} />
      </SimpleGrid>
    </Stack>
  );
}

function Expected({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const busy = isBusy(node.provision_state);
  const { timeline, error, readAt } = useTimeline("nodes", node.uuid);
  const awaited = timeline?.awaited ?? [];
  const now = useNow(awaited.length > 0);
  if (error && !timeline) return <ErrorAlert error={error} />;
  if (awaited.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t(busy ? "expected.working" : "expected.nothing")}
      </Text>
    );
  return awaited.map((one) => {
    const waited_s = one.for_s + Math.max(0, now - readAt) / 1000;
    const late = one.within_s !== null && waited_s > one.within_s;
    return (
      <div
        key={`${one.participant} ${one.action}`}
        className={classes.expected}
        data-late={late}
        role="status"
      >
        <IconHourglass size={18} aria-hidden />
        <div>
          <Text size="sm" fw={600}>
            {t(late ? "expected.late" : "expected.next", {
              what: one.action,
              who: one.participant,
              time: duration(waited_s * 1000),
            })}
          </Text>
          {one.within_s !== null && (
            <Text size="xs" c="dimmed">
              {t("expected.usual", { time: duration(one.within_s * 1000) })}
            </Text>
          )}
          {one.says && <Text size="sm">{one.says}</Text>}
        </div>
      </div>
    );
  });
}

function NodeFacts({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const ports = useList(portsOf(node.uuid));
  const step = [node.clean_step, node.deploy_step, node.service_step].find((one) => one?.step);
  return (
    <Panel title={t("facts")}>
      <Facts
        facts={[
          [t("id"), <Copied key="id" text={node.uuid} />],
          [t("driver"), node.driver],
          [t("resourceClass"), node.resource_class],
          [t("power"), <Power key="power" node={node} />],
          [t("health"), <Health key="health" node={node} />],
          [
            t("instance"),
            node.instance_uuid && (
              <TextLink to="/servers/$serverId" params={{ serverId: node.instance_uuid }}>
                {node.instance_name ?? node.instance_uuid}
              </TextLink>
            ),
          ],
          [t("stateSince"), <When key="since" at={node.provision_updated_at} />],
          step !== undefined && [t("step"), `${String(step.interface)}.${String(step.step)}`],
          [t("macs"), ports.data?.map((one) => one.address).join(", ")],
          [t("size"), sizeOf(node.properties)],
          [t("owner"), node.owner],
          [t("lessee"), node.lessee],
          [t("shard"), node.shard],
          [t("inspected"), <When key="inspected" at={node.inspection_finished_at} />],
          [t("created"), <When key="created" at={node.created_at} />],
        ]}
      />
    </Panel>
  );
}

function sizeOf(properties: Record<string, unknown>): string {
  const word = (key: string, unit: string) =>
    properties[key] ? `${String(properties[key])} ${unit}` : "";
  const known = [word("cpus", "CPU"), word("memory_mb", "MiB"), word("local_gb", "GiB")];
  return [...known, String(properties.cpu_arch ?? "")].filter(Boolean).join(" · ");
}

function Verbs({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const start = useVerbs();
  const flavors =
    useList(flavorList(), { enabled: node.provision_state === "available" }).data ?? [];
  const fitting = VERBS.filter((verb) => verb.kind !== "power" && verb.fits(node));
  return (
    <Panel title={t("canNow")}>
      <ul className={classes.verbs}>
        {node.provision_state === "available" && (
          <li className={classes.verb}>
            <ButtonLink
              to="/servers/launch"
              search={{ flavor: flavors.find((one) => isOfClass(one, node.resource_class))?.id }}
              size="xs"
              leftSection={<IconRocket size={14} aria-hidden />}
            >
              {t("verb.launch")}
            </ButtonLink>
            <Text size="xs" c="dimmed">
              {t("about.launch")}
            </Text>
          </li>
        )}
        {fitting.map((verb) => (
          <li key={verb.name} className={classes.verb}>
            <Button
              size="xs"
              variant="default"
              c={verb.danger ? "var(--unkai-bad)" : undefined}
              leftSection={<verb.icon size={14} aria-hidden />}
              onClick={() => start(verb, [node])}
            >
              {t(verb.label)}
            </Button>
            <Text size="xs" c="dimmed">
              {t(verb.about)}
            </Text>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

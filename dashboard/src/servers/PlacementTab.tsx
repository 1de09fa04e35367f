// Why the server is where it is: every host with its reason, for every decision about it.
import { Skeleton, Stack, Table, Text } from "@mantine/core";
import { IconMapPin } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PlacementDecision, Server } from "../api/models";
import { useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import { ShowCli } from "../parts/ShowCli";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { placementOf } from "./queries";

export default function PlacementTab({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const placement = useOne(placementOf(server.id));
  if (placement.error) return <ErrorAlert error={placement.error} />;
  if (!placement.data) return <Skeleton h={200} />;
  if (placement.data.length === 0) return <Empty icon={IconMapPin} title={t("placement.none")} />;
  return (
    <Stack>
      {placement.data.map((one) => (
        <Decision key={one.made_at} decision={one} />
      ))}
      <ShowCli command={`unkai explain ${server.id}`} />
    </Stack>
  );
}

function Decision({ decision }: { decision: PlacementDecision }) {
  const { t } = useTranslation("servers");
  const title = decision.chosen
    ? t("placement.chosen", { host: decision.chosen })
    : t("placement.nowhere");
  return (
    <Panel
      title={title}
      actions={
        <Text size="sm" c="dimmed">
          <When at={decision.made_at} />
        </Text>
      }
    >
      <Text size="sm" c="dimmed" mb="sm">
        {t("placement.asked", { what: wordsOf(decision.request) })}
      </Text>
      <Scroll label={title}>
        <Table fz="sm" verticalSpacing={7} miw={520}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("placement.host")}</Table.Th>
              <Table.Th>{t("placement.verdict")}</Table.Th>
              <Table.Th>{t("placement.reason")}</Table.Th>
              <Table.Th ta="right">{t("placement.score")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {decision.hosts.map((one) => (
              <Table.Tr key={one.host}>
                <Table.Td>{one.host}</Table.Td>
                <Table.Td>
                  {one.taken ? (
                    <StateBadge state={t("placement.taken")} tone="good" />
                  ) : one.score !== null ? (
                    <StateBadge state={t("placement.fits")} tone="off" />
                  ) : (
                    <StateBadge state={t("placement.refused")} tone="bad" />
                  )}
                </Table.Td>
                <Table.Td>{one.reason}</Table.Td>
                <Table.Td ta="right">{one.score?.toFixed(2)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </Panel>
  );
}

/** `VCPU 1, MEMORY_MB 512`: what was asked for, without what was not. */
function wordsOf(request: Record<string, unknown>): string {
  return Object.entries(request)
    .filter(([, value]) => value !== null && value !== "" && !isEmpty(value))
    .map(([name, value]) => `${name} ${textOf(value)}`)
    .join("; ");
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return Object.entries(value)
    .map(([name, one]) => `${name} ${textOf(one)}`)
    .join(", ");
}

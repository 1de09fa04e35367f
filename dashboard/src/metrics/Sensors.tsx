// What a machine's BMC measures, and how far that went while the page was open.
import { Skeleton, Stack, Table, Text } from "@mantine/core";
import { IconTemperature } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import { StateBadge } from "../parts/StateBadge";
import { type Ranges, keyOf, toneOfSensor, widened } from "./sensors";
import { type Sensor, sensorsOf } from "./queries";

/** Each look is a call to the BMC, and an event in the flight recorder. */
const EVERY_S = 60;

export function Sensors({ uuid }: { uuid: string }) {
  const { t } = useTranslation("metrics");
  const { data, error, refetch } = useOne(sensorsOf(uuid), { every: EVERY_S * 1000 });
  const ranges = useRanges(data);
  if (!data)
    return error ? <ErrorAlert error={error} again={() => void refetch()} /> : <Skeleton h={240} />;
  if (data.length === 0)
    return <Empty icon={IconTemperature} title={t("sensors.none")} text={t("sensors.noneText")} />;
  const types = [...new Set(data.map((one) => one.type))];
  return (
    <Stack>
      {error && <ErrorAlert error={error} />}
      {types.map((type) => (
        <Panel key={type} title={type}>
          <Scroll label={type}>
            <Table fz="sm" verticalSpacing={6} miw={480} aria-label={type}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("sensors.name")}</Table.Th>
                  <Table.Th ta="right">{t("sensors.now")}</Table.Th>
                  <Table.Th ta="right">{t("sensors.range")}</Table.Th>
                  <Table.Th>{t("sensors.status")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data
                  .filter((one) => one.type === type)
                  .map((one) => (
                    <Table.Tr key={one.name}>
                      <Table.Td>{one.name}</Table.Td>
                      <Table.Td ta="right" fw={600}>
                        {one.value === null ? "–" : `${one.value} ${one.unit}`}
                      </Table.Td>
                      <Table.Td ta="right">{rangeOf(one, ranges)}</Table.Td>
                      <Table.Td>
                        <StateBadge state={one.status || "–"} tone={toneOfSensor(one.status)} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Scroll>
        </Panel>
      ))}
      <Text size="xs" c="dimmed">
        {t("sensors.every", { seconds: EVERY_S })}
      </Text>
    </Stack>
  );
}

function rangeOf(sensor: Sensor, ranges: Ranges): string {
  const found = ranges[keyOf(sensor)];
  return found ? `${found.least} – ${found.most} ${sensor.unit}` : "–";
}

function useRanges(data: Sensor[] | undefined): Ranges {
  const [ranges, setRanges] = useState<Ranges>({});
  const [seen, setSeen] = useState<Sensor[]>();
  if (data && data !== seen) {
    setSeen(data);
    setRanges(widened(ranges, data));
  }
  return ranges;
}

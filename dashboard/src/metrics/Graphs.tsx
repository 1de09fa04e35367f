// What a server or a host used of late: graphs, or the same as a table.
import { Group, SegmentedControl, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { Suspense, lazy, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import classes from "./Graphs.module.css";
import { Key } from "./Key";
import { SamplesTable } from "./SamplesTable";
import { GRAPHS, type Graph, type Samples, amount, broken, recent, spanOf, stepsOf } from "./model";
import { type Measured, useSamples } from "./queries";

const Chart = lazy(() => import("./Chart"));
const SPANS = { "600": "tenMinutes", "3600": "hour" } as const;
type Span = keyof typeof SPANS;

interface Props {
  of: Measured;
  /** What it has, where the scale of its memory should end. */
  memoryMib?: number;
}

export function Graphs({ of, memoryMib }: Props) {
  const { t } = useTranslation("metrics");
  const [span, setSpan] = useState<Span>("3600");
  const [view, setView] = useState<"graphs" | "table">("graphs");
  const { data, error, refetch } = useSamples(of);
  const samples = useMemo(() => data && recent(data, Number(span)), [data, span]);
  if (!samples)
    return error ? <ErrorAlert error={error} again={() => void refetch()} /> : <Skeleton h={300} />;
  if (samples.at.length === 0)
    return <Empty icon={IconChartLine} title={t("none")} text={t("noneText")} />;
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <SegmentedControl
          size="xs"
          aria-label={t("span")}
          value={span}
          onChange={(value) => setSpan(value as Span)}
          data={Object.entries(SPANS).map(([value, name]) => ({ value, label: t(`span.${name}`) }))}
        />
        <SegmentedControl
          size="xs"
          aria-label={t("view")}
          value={view}
          onChange={(value) => setView(value as "graphs" | "table")}
          data={(["graphs", "table"] as const).map((value) => ({
            value,
            label: t(`view.${value}`),
          }))}
        />
      </Group>
      {error && <ErrorAlert error={error} />}
      {view === "table" ? (
        <SamplesTable samples={samples} />
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" className={classes.grid}>
          {GRAPHS.map((graph) => (
            <One key={graph.name} graph={graph} samples={samples} memoryMib={memoryMib} />
          ))}
        </SimpleGrid>
      )}
      <Text size="xs" c="dimmed">
        {t("every", { seconds: samples.every_s })}
      </Text>
    </Stack>
  );
}

interface OneProps {
  graph: Graph;
  samples: Samples;
  memoryMib?: number;
}

const WORDS = Object.fromEntries(
  GRAPHS.map(({ unit }) => [unit, (value: number) => amount(value, unit)]),
) as Record<Graph["unit"], (value: number) => string>;

const STEPS = Object.fromEntries(GRAPHS.map(({ unit }) => [unit, stepsOf(unit)])) as Record<
  Graph["unit"],
  number[] | undefined
>;

function One({ graph, samples, memoryMib }: OneProps) {
  const { t } = useTranslation("metrics");
  const words = WORDS[graph.unit];
  const data = useMemo(() => broken(samples, graph.series), [samples, graph]);
  const entries = graph.series.map((name) => {
    const span = spanOf(samples.series[name]);
    return {
      name: t(`series.${name}`),
      says: span ? words(span.now) : "–",
      title: span ? t("between", { least: words(span.least), most: words(span.most) }) : undefined,
    };
  });
  const most = graph.name === "cpu" ? 100 : graph.name === "memory" ? memoryMib : undefined;
  const said = entries.map((one) => `${one.name} ${one.says}, ${one.title ?? ""}`).join("; ");
  return (
    <Panel title={t(`graph.${graph.name}`)}>
      <Stack gap={8}>
        <Key entries={entries} />
        <Suspense fallback={<Skeleton h={170} />}>
          <Chart
            label={`${t(`graph.${graph.name}`)}: ${said}`}
            data={data}
            most={most}
            words={words}
            steps={STEPS[graph.unit]}
          />
        </Suspense>
      </Stack>
    </Panel>
  );
}

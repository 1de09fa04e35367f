// What happened to a server or node, as a sequence diagram that draws itself while it happens.
import { Group, Select, SegmentedControl, Skeleton, Stack, Text } from "@mantine/core";
import { IconHourglass, IconTimeline } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "./Empty";
import { ErrorAlert } from "./ErrorAlert";
import { SequenceDiagram } from "./SequenceDiagram";
import { SequenceTable } from "./SequenceTable";
import classes from "./Sequence.module.css";
import { chaptersOf, isRunning, shownFirst, totalMs } from "./sequence_model";
import { duration } from "./times";
import { useNow } from "./useNow";
import type { LiveTimeline } from "./useTimeline";

type View = "diagram" | "table";

export function Sequence({ told: { timeline, error, readAt } }: { told: LiveTimeline }) {
  const { t } = useTranslation("parts");
  const [view, setView] = useState<View>("diagram");
  const [asked, setAsked] = useState<string | null>(null);
  const [opened, setOpened] = useState<{ subject: string; last: string | undefined }>();
  const running = timeline !== undefined && isRunning(timeline);
  const now = useNow(running);

  if (!timeline) return error ? <ErrorAlert error={error} /> : <Skeleton height={240} />;
  if (timeline.events.length === 0)
    return <Empty icon={IconTimeline} title={t("sequence.empty")} />;
  const chapters = chaptersOf(timeline.events);
  const last = chapters.at(-1)?.requestId;
  if (opened?.subject !== timeline.subject) setOpened({ subject: timeline.subject, last });
  const first = shownFirst(chapters, running || last !== opened?.last);
  const chapter = chapters.find((one) => one.requestId === asked);
  const events = asked === "" ? timeline.events : ((chapter ?? first)?.events ?? []);
  const title = t("sequence.title", { subject: timeline.subject });
  const passed = Math.max(0, now - readAt);
  return (
    <Stack gap="sm">
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          {chapters.length > 1 && (
            <Select
              size="xs"
              w={220}
              allowDeselect={false}
              aria-label={t("sequence.operation")}
              value={asked ?? first?.requestId ?? ""}
              onChange={setAsked}
              data={[
                { value: "", label: t("sequence.all") },
                ...chapters.map((one, number) => ({
                  value: one.requestId || `part-${number}`,
                  label: `${number + 1}. ${one.title}`,
                })),
              ]}
            />
          )}
          <Text size="sm" c="dimmed" role="status">
            {t(running ? "sequence.running" : "sequence.total", {
              time: duration(totalMs(events, now)),
            })}
          </Text>
        </Group>
        <SegmentedControl
          size="xs"
          value={view}
          onChange={(value) => setView(value as View)}
          aria-label={t("sequence.view")}
          data={[
            { value: "diagram", label: t("sequence.diagram") },
            { value: "table", label: t("sequence.table") },
          ]}
        />
      </Group>
      {view === "diagram" ? (
        <SequenceDiagram title={title} events={events} now={now} />
      ) : (
        <SequenceTable title={title} events={events} />
      )}
      {timeline.awaited.map((one) => (
        <div key={`${one.participant} ${one.action}`} className={classes.awaited} role="status">
          <IconHourglass size={16} aria-hidden />
          <Text size="sm" component="div">
            {t("sequence.awaited", {
              participant: one.participant,
              action: one.action,
              time: duration(one.for_s * 1000 + passed),
            })}
            {one.within_s !== null && (
              <Text span size="sm" c="dimmed">
                {` (${t("sequence.usual", { time: duration(one.within_s * 1000) })})`}
              </Text>
            )}
            {one.says && <div>{one.says}</div>}
          </Text>
        </div>
      ))}
    </Stack>
  );
}

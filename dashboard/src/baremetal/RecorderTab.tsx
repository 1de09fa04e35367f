// The flight recorder: everything that was seen of a machine, as a sequence and as a list.
import { Chip, Group, Stack, Text } from "@mantine/core";
import { IconTimeline } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../parts/Empty";
import { Panel } from "../parts/Panel";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { Sequence } from "../parts/Sequence";
import { StateBadge } from "../parts/StateBadge";
import type { Tone } from "../parts/states";
import { duration, parseTime } from "../parts/times";
import { useTimeline } from "../parts/useTimeline";
import { type MetalNode, nameOf } from "./models";
import { type Entry, SOURCES, entriesOf, sourceOf } from "./recorder";

const TONES: Record<string, Tone> = { ok: "good", failed: "bad", undone: "warn", cancelled: "off" };

export function RecorderTab({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const told = useTimeline("nodes", node.uuid);
  const [wanted, setWanted] = useState<string[]>([]);
  const [failed, setFailed] = useState(false);
  const events = told.timeline?.events;
  const rows = useMemo(() => events && entriesOf(events, wanted, failed), [events, wanted, failed]);
  return (
    <Stack>
      <Panel title={t("recorder.sequence")}>
        <Sequence told={told} />
      </Panel>
      <Panel title={t("recorder.list")}>
        <Stack gap="sm">
          <Group gap={6} role="group" aria-label={t("recorder.sources")}>
            <Chip.Group multiple value={wanted} onChange={setWanted}>
              {SOURCES.map((source) => {
                const many = events?.filter((one) => sourceOf(one) === source).length ?? 0;
                return (
                  <Chip key={source} value={source} size="xs" variant="outline">
                    {`${t(`source.${source}`)} (${many})`}
                  </Chip>
                );
              })}
            </Chip.Group>
            <Chip size="xs" variant="outline" checked={failed} onChange={setFailed}>
              {t("recorder.failed")}
            </Chip>
          </Group>
          <ResourceTable
            label={t("recorder.of", { node: nameOf(node) })}
            rows={rows}
            error={told.timeline ? null : told.error}
            columns={columnsOf(t)}
            id={(one) => one.id}
            name={(one) => one.event.action}
            searchMore={(one) => `${one.event.detail ?? ""} ${one.event.request_id}`}
            empty={<Empty icon={IconTimeline} title={t("recorder.none")} />}
          />
        </Stack>
      </Panel>
    </Stack>
  );
}

function columnsOf(t: TFunction<"baremetal">): Column<Entry>[] {
  return [
    {
      key: "at",
      header: t("recorder.at"),
      width: "16%",
      from: 640,
      value: ({ event }) => parseTime(event.started_at),
      cell: ({ event }) => (
        <Text size="sm" component="time" dateTime={event.started_at} title={event.started_at}>
          {clock(event.started_at)}
        </Text>
      ),
    },
    {
      key: "source",
      header: t("recorder.source"),
      width: "13%",
      from: 480,
      value: ({ event }) => t(`source.${sourceOf(event)}`),
      cell: ({ event }) => <Text size="sm">{t(`source.${sourceOf(event)}`)}</Text>,
    },
    {
      key: "what",
      header: t("recorder.what"),
      value: ({ event }) => event.action,
      cell: ({ event }) => (
        <div>
          <Text size="sm" truncate title={event.action}>
            {event.action}
          </Text>
          {event.detail && (
            <Text size="xs" c="dimmed" truncate title={event.detail}>
              {event.detail}
            </Text>
          )}
        </div>
      ),
    },
    {
      key: "outcome",
      header: t("recorder.outcome"),
      width: "20%",
      value: ({ event }) => event.outcome,
      cell: ({ event }) => (
        <Group gap="xs" wrap="nowrap">
          <StateBadge
            state={t(`outcome.${(event.outcome ?? "going") as "ok"}`)}
            tone={TONES[event.outcome ?? ""] ?? "busy"}
          />
          {event.duration_ms !== null && (
            <Text size="xs" c="dimmed" visibleFrom="md" style={{ whiteSpace: "nowrap" }}>
              {duration(event.duration_ms)}
            </Text>
          )}
        </Group>
      ),
    },
  ];
}

function clock(text: string): string {
  const at = new Date(parseTime(text));
  const time = at.toLocaleTimeString(undefined, { hour12: false });
  return `${time}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

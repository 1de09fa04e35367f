// The same as a table: for screen readers, for copying, for reading details.
import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { StateBadge } from "./StateBadge";
import { Scroll } from "./Scroll";
import classes from "./Sequence.module.css";
import { type TimelineEvent, askedBy, diagramOf, presentIn } from "./sequence_model";
import { duration } from "./times";

export function SequenceTable({ title, events }: { title: string; events: TimelineEvent[] }) {
  const { t } = useTranslation("parts");
  const present = presentIn(events);
  return (
    <Scroll label={title}>
      <Table aria-label={title} verticalSpacing={6} fz="sm" className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("sequence.at")}</Table.Th>
            <Table.Th>{t("sequence.who")}</Table.Th>
            <Table.Th>{t("sequence.what")}</Table.Th>
            <Table.Th>{t("sequence.took")}</Table.Th>
            <Table.Th>{t("sequence.outcome")}</Table.Th>
            <Table.Th>{t("sequence.detail")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {diagramOf(events).arrows.map(({ event, afterMs }, index) => (
            <Table.Tr key={index}>
              <Table.Td className={classes.tight}>
                +{afterMs < 1 ? "0 ms" : duration(afterMs)}
              </Table.Td>
              <Table.Td className={classes.tight}>
                {askedBy(event.participant, present)} → {event.participant}
              </Table.Td>
              <Table.Td>{event.action}</Table.Td>
              <Table.Td className={classes.tight}>
                {event.duration_ms === null ? "" : duration(event.duration_ms)}
              </Table.Td>
              <Table.Td>
                <StateBadge
                  state={event.outcome ? t(`outcome.${event.outcome}`) : t("sequence.going")}
                  tone={TONES[event.outcome ?? "going"]}
                />
              </Table.Td>
              <Table.Td>{event.detail}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  );
}

const TONES = {
  ok: "good",
  failed: "bad",
  undone: "warn",
  cancelled: "off",
  going: "busy",
} as const;

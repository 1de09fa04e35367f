// What went wrong with a node and what it went through, as the service wrote it down.
import { Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { parseTime } from "../parts/times";
import { type HistoryEntry, type MetalNode, nameOf } from "./models";
import { historyOf } from "./queries";

export function HistoryTab({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const history = useList(historyOf(node.uuid));
  return (
    <ResourceTable
      label={t("history.of", { node: nameOf(node) })}
      rows={history.data}
      error={history.error}
      again={() => void history.refetch()}
      columns={columnsOf(t)}
      id={(one) => one.uuid}
      name={(one) => one.event}
      sort={{ key: "at", down: true }}
      empty={<Empty icon={IconHistory} title={t("history.none")} text={t("history.noneText")} />}
    />
  );
}

function columnsOf(t: TFunction<"baremetal">): Column<HistoryEntry>[] {
  return [
    {
      key: "at",
      header: t("history.at"),
      width: "18%",
      value: (one) => parseTime(one.created_at),
      cell: (one) => <When at={one.created_at} />,
    },
    {
      key: "severity",
      header: t("history.severity"),
      width: "14%",
      from: 640,
      value: (one) => one.severity,
      cell: (one) => (
        <StateBadge state={one.severity} tone={one.severity === "ERROR" ? "bad" : "off"} />
      ),
    },
    {
      key: "type",
      header: t("history.type"),
      width: "16%",
      from: 900,
      value: (one) => one.event_type,
      cell: (one) => <Text size="sm">{one.event_type}</Text>,
    },
    {
      key: "event",
      header: t("history.event"),
      value: (one) => one.event,
      cell: (one) => (
        <Text size="sm" style={{ whiteSpace: "normal", overflowWrap: "anywhere" }} py={6}>
          {one.event}
        </Text>
      ),
    },
  ];
}

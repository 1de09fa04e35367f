// What the server used of late, as its host measured it.
import { IconChartLine } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { Graphs } from "../metrics/Graphs";
import { Empty } from "../parts/Empty";
import { isMetal } from "./words";

export default function MetricsTab({ server }: { server: Server }) {
  const { t } = useTranslation("metrics");
  if (isMetal(server.flavor))
    return <Empty icon={IconChartLine} title={t("metal")} text={t("metalText")} />;
  return <Graphs of={{ kind: "server", id: server.id }} memoryMib={server.flavor.ram} />;
}

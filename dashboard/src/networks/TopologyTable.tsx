// The topology in words: every line of the picture is a word in a cell here.
import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { PointLink } from "./PointLink";
import { type Point, type Topology, neighboursOf } from "./topology_model";

export function TopologyTable({ topology }: { topology: Topology }) {
  const { t } = useTranslation("networks");
  const neighbours = useMemo(() => neighboursOf(topology), [topology]);
  const joined = (point: Point) => neighbours.get(point.id) ?? "";
  const columns: Column<Point>[] = [
    {
      key: "name",
      header: t("name"),
      value: (one) => one.name,
      cell: (one) => <PointLink point={one} />,
    },
    {
      key: "kind",
      header: t("kind"),
      width: "16%",
      value: (one) => t(`kind.${one.kind}`),
      cell: (one) => t(`kind.${one.kind}`),
    },
    {
      key: "status",
      header: t("status"),
      width: "15%",
      from: 560,
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} />,
    },
    {
      key: "addresses",
      header: t("addresses"),
      width: "20%",
      from: 900,
      value: (one) => one.addresses.join(", "),
      cell: (one) => (
        <Text size="sm" ff="monospace" truncate title={one.addresses.join(", ")}>
          {one.addresses.join(", ") || "–"}
        </Text>
      ),
    },
    {
      key: "joined",
      header: t("topology.joined"),
      width: "30%",
      value: joined,
      cell: (one) => (
        <Text size="sm" truncate title={joined(one)}>
          {joined(one) || "–"}
        </Text>
      ),
    },
  ];
  return (
    <ResourceTable
      label={t("topology")}
      rows={topology.points}
      columns={columns}
      id={(one) => one.id}
      name={(one) => one.name}
      state={(one) => t(`kind.${one.kind}`)}
      empty={null}
    />
  );
}

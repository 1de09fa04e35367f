// The rack's cards in groups, line by line, of which only those in sight are drawn.
import { Group, Text, Title } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { RackCard } from "./RackCard";
import classes from "./RackPage.module.css";
import type { NodeRow } from "./models";
import { type RackGroup, linesOf } from "./rack_model";

const HEAD_PX = 52;
const CARDS_PX = 154;
const CARD_PX = 190;
const GAP_PX = 12;
const AHEAD = 3;

export function RackLines({ groups }: { groups: RackGroup[] }) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const frame = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const columns = Math.max(1, Math.floor((width + GAP_PX) / (CARD_PX + GAP_PX)));
  const lines = useMemo(() => linesOf(groups, columns), [groups, columns]);
  useEffect(() => setMargin(frame.current?.offsetTop ?? 0), []);
  const window = useWindowVirtualizer({
    count: width > 0 ? lines.length : 0,
    estimateSize: (index) => (lines[index]?.head ? HEAD_PX : CARDS_PX),
    getItemKey: (index) => `${columns} ${lines[index]?.key ?? index}`,
    overscan: AHEAD,
    scrollMargin: margin,
  });
  const items = window.getVirtualItems();
  const start = (items[0]?.start ?? margin) - margin;
  return (
    <div ref={frame} style={{ height: window.getTotalSize() }}>
      <div ref={ref} className={classes.measure} />
      <div style={{ transform: `translateY(${start}px)` }}>
        {items.map(({ index, key }) => {
          const line = lines[index];
          return (
            line && (
              <div
                key={key}
                ref={window.measureElement}
                data-index={index}
                className={line.isLast ? classes.last : undefined}
              >
                <div
                  className={classes.line}
                  data-first={Boolean(line.head) || undefined}
                  data-last={line.isLast || undefined}
                >
                  {line.head ? (
                    <Head group={line.head} />
                  ) : (
                    <Cards label={line.group} nodes={line.nodes} columns={columns} />
                  )}
                </div>
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function Head({ group }: { group: RackGroup }) {
  const { t } = useTranslation("baremetal");
  return (
    <Group justify="space-between" className={classes.head}>
      <Title order={2} size="h4">
        {group.name}
      </Title>
      <Text size="sm" c="dimmed">
        {t("many", { count: group.nodes.length })}
      </Text>
    </Group>
  );
}

function Cards({ label, nodes, columns }: { label: string; nodes: NodeRow[]; columns: number }) {
  return (
    <ul
      className={classes.rack}
      aria-label={label}
      style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
    >
      {nodes.map((one) => (
        <li key={one.uuid}>
          <RackCard node={one} />
        </li>
      ))}
    </ul>
  );
}

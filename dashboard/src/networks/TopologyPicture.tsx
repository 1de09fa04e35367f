// The picture of the topology. It comes with a library of its own, so only who looks at it loads it.
import { Text, useComputedColorScheme } from "@mantine/core";
import { IconNetwork, IconRouter, IconServer2, IconWorld } from "@tabler/icons-react";
import {
  Background,
  Controls,
  type Edge,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { StateBadge } from "../parts/StateBadge";
import { PointLink } from "./PointLink";
import classes from "./TopologyPicture.module.css";
import { type PointKind, type Topology, WIDTH, folded, placed } from "./topology_model";
import type { Placed } from "./topology_model";

const GLYPHS = {
  external: IconWorld,
  router: IconRouter,
  network: IconNetwork,
  server: IconServer2,
} as const satisfies Record<PointKind, unknown>;

type PointNode = Node<{ point: Placed }, "point">;

function Card({ data: { point } }: NodeProps<PointNode>) {
  const { t } = useTranslation("networks");
  const Glyph = GLYPHS[point.kind];
  return (
    <div className={classes.card} data-kind={point.kind}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className={classes.head}>
        <Glyph size={18} aria-hidden />
        <span className={`${classes.name} nodrag`}>
          <PointLink point={point} />
        </span>
      </div>
      <div className={classes.line}>
        <Text span size="xs" c="dimmed">
          {t(`kind.${point.kind}`)}
        </Text>
        <StateBadge state={point.status} />
      </div>
      {point.addresses.slice(0, 2).map((one) => (
        <Text key={one} size="xs" ff="monospace" truncate>
          {one}
        </Text>
      ))}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

const NODE_TYPES = { point: Card };

/** Of one network; more are one card, and each of them is in the table. */
const SERVERS_DRAWN = 30;

export default function TopologyPicture({ topology: whole }: { topology: Topology }) {
  const { t } = useTranslation("networks");
  const scheme = useComputedColorScheme();
  const topology = useMemo(() => folded(whole, SERVERS_DRAWN), [whole]);
  const nodes = useMemo(
    () =>
      placed(topology).map((point): PointNode => ({
        id: point.id,
        type: "point",
        position: { x: point.x, y: point.y },
        data: { point },
        width: WIDTH,
        focusable: false,
      })),
    [topology],
  );
  const edges = useMemo(
    () =>
      topology.lines.map((line): Edge => ({
        id: `${line.from} ${line.to} ${line.address}`,
        source: line.from,
        target: line.to,
        type: "smoothstep",
        focusable: false,
      })),
    [topology],
  );
  return (
    <div className={classes.frame} role="group" aria-label={t("topology.label")}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        colorMode={scheme}
        fitView
        fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
        minZoom={0.1}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        onlyRenderVisibleElements={nodes.length > 200}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
        ariaLabelConfig={{
          "controls.zoomIn.ariaLabel": t("topology.zoomIn"),
          "controls.zoomOut.ariaLabel": t("topology.zoomOut"),
          "controls.fitView.ariaLabel": t("topology.fit"),
          "controls.ariaLabel": t("topology.controls"),
        }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

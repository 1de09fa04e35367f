// The drawing: a lifeline for everyone, an arrow for everything, its time at the left.
import { useElementSize } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Scroll } from "./Scroll";
import classes from "./Sequence.module.css";
import { type Arrow, type TimelineEvent, diagramOf, twoLines } from "./sequence_model";
import { duration, parseTime } from "./times";

const TIME_W = 80;
const LANE_MIN_W = 58;
const LANE_MAX_W = 160;
const EDGE_W = 16;
const HEAD_H = 44;
const STEP_H = 34;
const HOOK_W = 26;
const LETTER_W = 7.2;
const SMALL_LETTER_W = 5.2;
const ACTION_LETTER_W = 6.4;
const GAP_W = 8;
const SAID_LENGTH = 48;

interface Props {
  title: string;
  events: TimelineEvent[];
  now: number;
}

export function SequenceDiagram({ title, events, now }: Props) {
  const [open, setOpen] = useState<number | null>(null);
  const { participants, arrows } = diagramOf(events);
  const { ref, width: room } = useElementSize();
  const fitting = (room - TIME_W - EDGE_W) / participants.length;
  const laneW = Math.max(LANE_MIN_W, Math.min(LANE_MAX_W, Math.floor(fitting)));
  const lane = (index: number) => TIME_W + laneW * index + laneW / 2;
  const width = Math.max(room - 2, TIME_W + laneW * participants.length + EDGE_W);
  const height = HEAD_H + STEP_H * arrows.length + 20;
  const chosen = open === null ? undefined : arrows[open];
  return (
    <div ref={ref}>
      <Scroll label={title}>
        <svg width={width} height={height} role="img" aria-label={title} className={classes.svg}>
          {participants.map((name, index) => (
            <g key={name}>
              <line
                x1={lane(index)}
                x2={lane(index)}
                y1={HEAD_H - 8}
                y2={height - 6}
                className={classes.life}
              />
              <rect
                x={lane(index) - laneW / 2 + 3}
                y={6}
                width={laneW - 6}
                height={28}
                rx={6}
                className={classes.head}
              />
              <LaneName name={name} x={lane(index)} room={laneW - 8} />
            </g>
          ))}
          {arrows.map((arrow, index) => (
            <Step
              key={index}
              arrow={arrow}
              from={lane(arrow.from)}
              to={lane(arrow.to)}
              y={HEAD_H + STEP_H * index + 22}
              width={width}
              now={now}
              open={open === index}
              choose={() => setOpen(open === index ? null : index)}
            />
          ))}
        </svg>
      </Scroll>
      {chosen?.event.detail && (
        <p className={classes.detail}>
          <strong>{chosen.event.action}</strong>: {chosen.event.detail}
        </p>
      )}
    </div>
  );
}

/** On one line where there is room, else on two in smaller letters. */
function LaneName({ name, x, room }: { name: string; x: number; room: number }) {
  const lines = name.length * LETTER_W <= room ? [name] : twoLines(name);
  const small = lines[0] !== name || name.length * LETTER_W > room;
  return (
    <text x={x} y={lines.length > 1 ? 18 : 24.5} className={classes.name} data-small={small}>
      {lines.map((line, index) => (
        <tspan
          key={line}
          x={x}
          dy={index === 0 ? 0 : 11}
          {...(line.length * SMALL_LETTER_W > room &&
            small && { textLength: room, lengthAdjust: "spacingAndGlyphs" })}
        >
          {line}
        </tspan>
      ))}
    </text>
  );
}

interface StepProps {
  arrow: Arrow;
  from: number;
  to: number;
  y: number;
  width: number;
  now: number;
  open: boolean;
  choose: () => void;
}

function Step({ arrow, from, to, y, width, now, open, choose }: StepProps) {
  const { t } = useTranslation("parts");
  const { event } = arrow;
  const took =
    event.duration_ms ?? (event.outcome === null ? now - parseTime(event.started_at) : 0);
  const own = from === to;
  const side = to > from ? -1 : 1;
  const end = to + side * 2;
  const label = `${event.action}  ${duration(took)}`;
  const start = own ? to + HOOK_W + 6 : Math.min(from, to) + GAP_W;
  const aside = event.action === "console" ? event.detail?.slice(0, SAID_LENGTH) : duration(took);
  const textW = `${event.action}  ${aside}`.length * ACTION_LETTER_W;
  const isCut = start + textW > width && Math.max(from, to) > textW;
  const x = isCut ? (own ? to : Math.max(from, to)) - GAP_W : start;
  const said = event.outcome === null ? t("sequence.going") : t(`outcome.${event.outcome}`);
  return (
    <g data-outcome={event.outcome ?? "going"} className={classes.step} onClick={choose}>
      <title>{[label, said, event.detail].filter(Boolean).join(" · ")}</title>
      <rect
        x={0}
        y={y - 24}
        width={width}
        height={STEP_H}
        rx={4}
        data-open={open}
        className={classes.band}
      />
      <text x={TIME_W - 6} y={y + 4} className={classes.time}>
        +{arrow.afterMs < 1 ? "0 ms" : duration(arrow.afterMs)}
      </text>
      {own ? (
        <path d={`M${to} ${y - 8} h${HOOK_W} v10 h${2 - HOOK_W}`} className={classes.arrow} />
      ) : (
        <line x1={from} x2={end} y1={y} y2={y} className={classes.arrow} />
      )}
      <path
        d={`M${end + side * (own ? 8 : 7)} ${(own ? y + 2 : y) - 4} L${end} ${own ? y + 2 : y} l${side * 7} 4 z`}
        className={classes.tip}
      />
      <text x={x} y={y - 7} className={classes.action} data-cut={isCut}>
        {event.action}
        <tspan className={classes.took} dx={6}>
          {aside}
        </tspan>
        {event.outcome !== "ok" && (
          <tspan className={classes.outcome} dx={6}>
            {said}
          </tspan>
        )}
      </text>
    </g>
  );
}

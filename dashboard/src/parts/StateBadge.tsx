// A state as mark and word: never by colour alone.
import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleXFilled,
  IconPlayerStopFilled,
} from "@tabler/icons-react";
import classes from "./StateBadge.module.css";
import { type Tone, toneOf } from "./states";

const MARKS = {
  good: IconCircleCheckFilled,
  busy: IconCircleDashed,
  warn: IconAlertTriangleFilled,
  bad: IconCircleXFilled,
  off: IconPlayerStopFilled,
} as const satisfies Record<Tone, unknown>;

interface Props {
  state: string;
  /** What is being done just now ("spawning"), in small letters after the state. */
  doing?: string | null;
  /** Where the table in states.ts does not know the state. */
  tone?: Tone;
}

export function StateBadge({ state, doing, tone }: Props) {
  const shown = tone ?? (doing ? "busy" : toneOf(state));
  const Mark = MARKS[shown];
  return (
    <span className={classes.badge} data-tone={shown}>
      <Mark size={15} aria-hidden className={classes.mark} />
      <span className={classes.state}>{state.replaceAll("_", " ")}</span>
      {doing && <span className={classes.doing}>{doing.replaceAll("_", " ")}</span>}
    </span>
  );
}

// What every console has around it: how the connection stands, tools, full screen, a way back.
// Without the component library, so that a console in a window of its own is small.
import {
  type Icon,
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconExternalLink,
  IconPlugConnectedX,
} from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { StateBadge } from "../parts/StateBadge";
import type { Tone } from "../parts/states";
import classes from "./Frame.module.css";
import type { LineState } from "./line";

const TONES = {
  opening: "busy",
  open: "good",
  waiting: "warn",
  closed: "off",
} as const satisfies Record<LineState["name"], Tone>;

export interface FrameProps {
  /** The machine's name. */
  name: string;
  /** The page to open it in a window of its own; not given where it is in one. */
  page?: string;
  /** Instead of "Connect again", where the address opened once. */
  wayBack?: ReactNode;
}

interface Props extends FrameProps {
  state: LineState;
  connect: () => void;
  tools?: ReactNode;
  below?: ReactNode;
  hint: string;
  children: ReactNode;
}

export function Frame({
  name,
  page,
  wayBack,
  state,
  connect,
  tools,
  below,
  hint,
  children,
}: Props) {
  const { t } = useTranslation("consoles");
  const frame = useRef<HTMLDivElement>(null);
  const full = useFullScreen(frame);
  const over = state.name === "waiting" || state.name === "closed";
  return (
    <div ref={frame} className={classes.frame} data-alone={page === undefined || undefined}>
      <div className={classes.bar}>
        {page === undefined && <h1 className={classes.name}>{name}</h1>}
        <span role="status" className={classes.state}>
          <StateBadge state={t(`state.${state.name}`)} tone={TONES[state.name]} />
        </span>
        <div className={classes.tools} role="group" aria-label={t("tools")}>
          {tools}
          <Tool
            icon={full.on ? IconArrowsMinimize : IconArrowsMaximize}
            label={t(full.on ? "small" : "full")}
            onClick={full.toggle}
          />
          {page !== undefined && (
            <Tool icon={IconExternalLink} label={t("window")} onClick={() => openWindow(page)} />
          )}
        </div>
      </div>
      {below}
      <div className={classes.stage}>
        {children}
        {over && (
          <div className={classes.over}>
            <IconPlugConnectedX size={32} stroke={1.4} aria-hidden />
            <p role="alert">{state.said || (state.trouble && t(`trouble.${state.trouble}`))}</p>
            {wayBack ?? (
              <button type="button" className={classes.again} onClick={connect}>
                {t("again")}
              </button>
            )}
          </div>
        )}
      </div>
      <p className={classes.hint}>{hint}</p>
    </div>
  );
}

interface ToolProps {
  icon: Icon;
  label: string;
  onClick: () => void;
  disabled?: boolean;
  pressed?: boolean;
}

export function Tool({ icon: Glyph, label, onClick, disabled, pressed }: ToolProps) {
  return (
    <button
      type="button"
      className={classes.tool}
      title={label}
      onClick={onClick}
      disabled={disabled}
      aria-pressed={pressed}
    >
      <Glyph size={16} aria-hidden />
      <span className={classes.word}>{label}</span>
    </button>
  );
}

/** Opened with its opener, it has a copy of the tab's session: no token is in the address. */
function openWindow(page: string): void {
  window.open(page, "_blank", "popup,width=1040,height=860");
}

function useFullScreen(frame: { current: HTMLDivElement | null }) {
  const [on, setOn] = useState(false);
  useEffect(() => {
    const look = () => setOn(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, []);
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void frame.current?.requestFullscreen?.();
  };
  return { on, toggle };
}

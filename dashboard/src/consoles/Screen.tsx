// A server's screen, by noVNC.
import RFB from "@novnc/novnc";
import { IconAspectRatio, IconClipboardText, IconKeyboard, IconPower } from "@tabler/icons-react";
import { type KeyboardEvent, useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Frame, type FrameProps, Tool } from "./Frame";
import classes from "./Screen.module.css";
import { SHIFT, strokesOf } from "./strokes";
import { useLine } from "./useLine";

interface Props extends FrameProps {
  address: () => Promise<string>;
  again: boolean;
  /** What the machine calls its screen. */
  named?: (name: string) => void;
}

/** A PS/2 keyboard's queue is short: what comes faster than this may be lost. */
const STROKE_MS = 12;

export default function Screen({ address, again, named, ...frame }: Props) {
  const { t } = useTranslation("consoles");
  const place = useRef<HTMLDivElement>(null);
  const rfb = useRef<RFB | null>(null);
  const [fits, setFits] = useState(true);
  const [clips, setClips] = useState(false);
  const [text, setText] = useState("");

  const attach = useCallback(
    (socket: WebSocket, opened: () => void) => {
      const made = new RFB(place.current as HTMLDivElement, socket, { shared: true });
      rfb.current = made;
      made.background = "transparent";
      made.scaleViewport = true;
      setFits(true);
      made.addEventListener("connect", () => {
        opened();
        made.focus({ preventScroll: true });
      });
      made.addEventListener("desktopname", (event) => named?.(event.detail.name));
      made.addEventListener("clipboard", (event) => setText(event.detail.text));
      return () => {
        rfb.current = null;
        made.disconnect();
      };
    },
    [named],
  );
  const { state, connect } = useLine({ address, attach, again });
  const open = state.name === "open";

  async function type(): Promise<void> {
    const to = rfb.current;
    to?.focus({ preventScroll: true });
    for (const { keysym, code, shift } of strokesOf(text)) {
      if (!to || rfb.current !== to) return;
      if (shift) to.sendKey(SHIFT.keysym, SHIFT.code, true);
      to.sendKey(keysym, code);
      if (shift) to.sendKey(SHIFT.keysym, SHIFT.code, false);
      await new Promise((next) => setTimeout(next, STROKE_MS));
    }
  }

  /** The one key that the screen does not get: without it, the keyboard could not leave. */
  function leave(event: KeyboardEvent): void {
    if (event.key !== "Tab" || !event.shiftKey) return;
    event.stopPropagation();
    rfb.current?.sendKey(SHIFT.keysym, "ShiftLeft", false);
    rfb.current?.sendKey(0xffe2, "ShiftRight", false);
  }

  return (
    <Frame
      {...frame}
      state={state}
      connect={connect}
      hint={t("hint.screen")}
      tools={
        <>
          <Tool
            icon={IconPower}
            label="Ctrl+Alt+Del"
            disabled={!open}
            onClick={() => {
              rfb.current?.sendCtrlAltDel();
              rfb.current?.focus({ preventScroll: true });
            }}
          />
          <Tool
            icon={IconAspectRatio}
            label={t("fit")}
            pressed={fits}
            onClick={() => {
              if (rfb.current) rfb.current.scaleViewport = !fits;
              setFits(!fits);
            }}
          />
          <Tool
            icon={IconClipboardText}
            label={t("paste")}
            pressed={clips}
            onClick={() => setClips(!clips)}
          />
        </>
      }
      below={
        clips && (
          <form className={classes.clips} onSubmit={(event) => event.preventDefault()}>
            <label>
              {t("paste.text")}
              <textarea
                rows={3}
                value={text}
                spellCheck={false}
                onChange={(event) => setText(event.currentTarget.value)}
              />
            </label>
            <div className={classes.buttons}>
              <Tool
                icon={IconKeyboard}
                label={t("paste.type")}
                disabled={!open || !text}
                onClick={() => void type()}
              />
              <Tool
                icon={IconClipboardText}
                label={t("paste.send")}
                disabled={!open || !text}
                onClick={() => rfb.current?.clipboardPasteFrom(text)}
              />
            </div>
            <p>{t("paste.hint")}</p>
          </form>
        )
      }
    >
      <div
        ref={place}
        className={classes.screen}
        role="application"
        aria-label={t("screenOf", { name: frame.name })}
        onKeyDownCapture={leave}
      />
    </Frame>
  );
}

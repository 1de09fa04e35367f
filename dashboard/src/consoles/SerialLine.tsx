// A terminal on a machine's serial line, by xterm.js: of a server, or of a node.
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { IconEraser } from "@tabler/icons-react";
import { useCallback, useRef } from "react";
import { useTranslation } from "react-i18next";
import { nonce } from "../app/nonce";
import { Frame, type FrameProps, Tool } from "./Frame";
import classes from "./SerialLine.module.css";
import { useLine } from "./useLine";

interface Props extends FrameProps {
  address: () => Promise<string>;
  again: boolean;
}

export default function SerialLine({ address, again, ...frame }: Props) {
  const { t } = useTranslation("consoles");
  const place = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal | null>(null);

  const attach = useCallback((socket: WebSocket, opened: () => void) => {
    const made = openTerminal(place.current as HTMLDivElement);
    terminal.current = made.terminal;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      opened();
      made.terminal.focus();
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) =>
      made.terminal.write(typeof data === "string" ? data : new Uint8Array(data));
    made.terminal.onData((text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(new TextEncoder().encode(text));
    });
    return () => {
      terminal.current = null;
      made.close();
    };
  }, []);
  const { state, connect } = useLine({ address, attach, again });
  return (
    <Frame
      {...frame}
      state={state}
      connect={connect}
      hint={t("hint.serial")}
      tools={
        <Tool icon={IconEraser} label={t("clear")} onClick={() => terminal.current?.clear()} />
      }
    >
      <div
        ref={place}
        className={classes.terminal}
        role="group"
        aria-label={t("serialOf", { name: frame.name })}
      />
    </Frame>
  );
}

function openTerminal(place: HTMLElement) {
  const terminal = new Terminal({
    fontSize: 13,
    screenReaderMode: true,
    theme: { background: "#0c1119", foreground: "#d5dae3" },
  });
  terminal.attachCustomKeyEventHandler((event) => !(event.key === "Tab" && event.shiftKey));
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  withNonce(() => terminal.open(place));
  fit.fit();
  const sized = new ResizeObserver(() => fit.fit());
  sized.observe(place);
  const close = () => {
    sized.disconnect();
    terminal.dispose();
  };
  return { terminal, close };
}

/** The terminal brings style elements of its own; the page's policy asks each for its nonce. */
function withNonce(work: () => void): void {
  const create = document.createElement.bind(document);
  document.createElement = ((tag: string, options?: ElementCreationOptions) => {
    const made = create(tag, options);
    if (tag === "style") made.setAttribute("nonce", nonce());
    return made;
  }) as typeof document.createElement;
  try {
    work();
  } finally {
    Reflect.deleteProperty(document, "createElement");
  }
}

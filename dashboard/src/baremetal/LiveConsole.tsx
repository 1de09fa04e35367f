// A terminal on the machine's serial line, by WebSocket. Each opening asks for an address of its
// own, which is good for one connection.
import { Button, Group, Text } from "@mantine/core";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { nonce } from "../app/nonce";
import { ErrorAlert } from "../parts/ErrorAlert";
import { StateBadge } from "../parts/StateBadge";
import classes from "./ConsoleTab.module.css";
import { consoleOf } from "./queries";

type State = "opening" | "open" | "closed";

export default function LiveConsole({ uuid, name }: { uuid: string; name: string }) {
  const { t } = useTranslation("baremetal");
  const screen = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<State>("opening");
  const [why, setWhy] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const [tries, setTries] = useState(0);

  useEffect(() => {
    const place = screen.current;
    if (!place) return;
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
    let socket: WebSocket | null = null;
    let left = false;

    async function open(): Promise<void> {
      setState("opening");
      setError(null);
      setWhy("");
      const { console_info } = await consoleOf(uuid);
      if (left || !console_info) return setState("closed");
      const opened = new WebSocket(console_info.url, ["binary"]);
      socket = opened;
      opened.binaryType = "arraybuffer";
      opened.onopen = () => setState("open");
      opened.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) =>
        terminal.write(typeof data === "string" ? data : new Uint8Array(data));
      opened.onclose = (event) => {
        if (left) return;
        setState("closed");
        setWhy(event.reason);
      };
    }

    const typed = terminal.onData((text) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(new TextEncoder().encode(text));
    });
    open().catch((problem: unknown) => {
      setState("closed");
      setError(problem as Error);
    });
    return () => {
      left = true;
      socket?.close();
      typed.dispose();
      sized.disconnect();
      terminal.dispose();
    };
  }, [uuid, tries]);

  return (
    <div>
      <Group justify="space-between" mb="xs">
        <Group gap="xs">
          <StateBadge
            state={t(`console.${state}`)}
            tone={state === "open" ? "good" : state === "closed" ? "off" : "busy"}
          />
          {why && <Text size="sm">{why}</Text>}
        </Group>
        {state === "closed" && (
          <Button size="xs" variant="default" onClick={() => setTries(tries + 1)}>
            {t("console.again")}
          </Button>
        )}
      </Group>
      {error && <ErrorAlert error={error} />}
      <div
        ref={screen}
        className={classes.screen}
        role="group"
        aria-label={t("console.of", { node: name })}
      />
      <Text size="xs" c="dimmed" mt={4}>
        {t("console.keys")}
      </Text>
    </div>
  );
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

// One console's connection: asks for an address, opens it, and comes back with a fresh address
// when it breaks. An address is good for one connection, so each attempt asks for its own.
import { ApiError } from "../api/errors";

export interface LineState {
  name: "opening" | "open" | "waiting" | "closed";
  /** Why it ended, in the cloud's words; else one of ours. */
  said: string;
  trouble: "" | "refused" | "lost";
}

/** Gives the open socket to whoever shows it; returns how to take it back. */
export type Attach = (socket: WebSocket, opened: () => void) => () => void;

export interface Wiring {
  /** A fresh address, or the API's refusal. */
  address: () => Promise<string>;
  attach: Attach;
  /** Whether to come back by itself after a break. */
  again: boolean;
  tell: (state: LineState) => void;
  socket?: (url: string) => WebSocket;
}

const FIRST_MS = 1000;
const TRIES = 6;

export class Line {
  private breaks = 0;
  private opened = false;
  private left = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private detach: (() => void) | undefined;

  constructor(private readonly wiring: Wiring) {}

  /** Open it, and forget how often that failed before. */
  connect(): void {
    this.breaks = 0;
    this.attempt();
  }

  /** For good. */
  close(): void {
    this.left = true;
    this.drop();
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.detach?.();
    this.detach = undefined;
  }

  private attempt(): void {
    this.drop();
    this.opened = false;
    this.tell("opening");
    this.open().catch((error: unknown) => this.refused(error as Error));
  }

  private async open(): Promise<void> {
    const url = await this.wiring.address();
    if (this.left) return;
    const make = this.wiring.socket ?? ((to: string) => new WebSocket(to, ["binary"]));
    const socket = make(url);
    socket.addEventListener("close", ({ reason }) => this.ended(socket, reason));
    const detach = this.wiring.attach(socket, () => {
      this.opened = true;
      this.breaks = 0;
      this.tell("open");
    });
    this.detach = () => {
      detach();
      socket.close();
    };
    this.current = socket;
  }

  private current: WebSocket | undefined;

  private ended(socket: WebSocket, reason: string): void {
    if (this.left || socket !== this.current) return;
    this.over(reason, reason ? "" : this.opened ? "lost" : "refused", true);
  }

  /** A server that starts again has no console for a moment (409); other refusals stay. */
  private refused(error: Error): void {
    if (this.left) return;
    const final = error instanceof ApiError && error.status < 500 && error.status !== 409;
    this.over(error.message, "", this.breaks > 0 && !final);
  }

  private over(said: string, trouble: LineState["trouble"], mayAgain: boolean): void {
    this.drop();
    if (!this.wiring.again || !mayAgain || this.breaks >= TRIES) {
      this.tell("closed", said, trouble);
      return;
    }
    this.tell("waiting", said, trouble);
    this.timer = setTimeout(() => this.attempt(), FIRST_MS * 2 ** Math.min(this.breaks, 4));
    this.breaks += 1;
  }

  private tell(name: LineState["name"], said = "", trouble: LineState["trouble"] = ""): void {
    this.wiring.tell({ name, said, trouble });
  }
}

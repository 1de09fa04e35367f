import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/errors";
import { Line, type LineState } from "./line";

class Socket extends EventTarget {
  closed = 0;
  close(): void {
    this.closed += 1;
  }
  end(reason = ""): void {
    this.dispatchEvent(new CloseEvent("close", { code: reason ? 1001 : 1006, reason }));
  }
}

interface Rig {
  line: Line;
  sockets: Socket[];
  urls: string[];
  states: LineState[];
  open: () => void;
}

function rig(again: boolean, address = () => Promise.resolve("fresh")): Rig {
  const made: Omit<Rig, "line"> = { sockets: [], urls: [], states: [], open: () => undefined };
  const line = new Line({
    address,
    again,
    tell: (state) => made.states.push(state),
    attach: (_socket, opened) => {
      made.open = opened;
      return () => undefined;
    },
    socket: (url) => {
      const socket = new Socket();
      made.sockets.push(socket);
      made.urls.push(url);
      return socket as unknown as WebSocket;
    },
  });
  return Object.assign(made, { line });
}

const names = (found: Rig) => found.states.map((one) => one.name);
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("after a break it comes back with an address of its own", async () => {
  let asked = 0;
  const found = rig(true, () => Promise.resolve(`ticket-${++asked}`));
  found.line.connect();
  await settle();
  found.open();

  found.sockets[0]?.end("The server is being rebooted.");
  await vi.advanceTimersByTimeAsync(1000);
  found.open();

  expect(found.urls).toEqual(["ticket-1", "ticket-2"]);
  expect(names(found)).toEqual(["opening", "open", "waiting", "opening", "open"]);
  expect(found.states[2]?.said).toBe("The server is being rebooted.");
});

test("it gives up after some tries, and begins anew when asked", async () => {
  const found = rig(true);
  found.line.connect();
  for (let each = 0; each < 20; each++) {
    await vi.advanceTimersByTimeAsync(16_000);
    found.sockets.at(-1)?.end();
  }

  expect(found.states.at(-1)).toEqual({ name: "closed", said: "", trouble: "refused" });
  expect(found.sockets).toHaveLength(7);
  found.line.connect();
  await settle();
  expect(found.sockets).toHaveLength(8);
});

test("what the API refuses is said and not asked again", async () => {
  const refusal = new ApiError(404, "Instance could not be found.", null);
  const found = rig(true, () => Promise.reject(refusal));
  found.line.connect();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(names(found)).toEqual(["opening", "closed"]);
  expect(found.states[1]?.said).toBe("Instance could not be found.");
});

test("a server that starts again is waited for", async () => {
  let ready = true;
  const found = rig(true, () =>
    ready ? Promise.resolve("one") : Promise.reject(new ApiError(409, "not ready", null)),
  );
  found.line.connect();
  await settle();
  found.open();
  ready = false;
  found.sockets[0]?.end();
  await vi.advanceTimersByTimeAsync(1000);
  ready = true;
  await vi.advanceTimersByTimeAsync(2000);
  found.open();

  expect(names(found)).toEqual([
    "opening",
    "open",
    "waiting",
    "opening",
    "waiting",
    "opening",
    "open",
  ]);
});

test("an address that was given is used once", async () => {
  const found = rig(false);
  found.line.connect();
  await settle();
  found.open();
  found.sockets[0]?.end();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(found.states.at(-1)?.name).toBe("closed");
  expect(found.states.at(-1)?.trouble).toBe("lost");
  expect(found.sockets).toHaveLength(1);
});

test("left, it is silent", async () => {
  const found = rig(true);
  found.line.connect();
  await settle();
  found.line.close();
  found.sockets[0]?.end("late");
  await vi.advanceTimersByTimeAsync(60_000);

  expect(found.sockets[0]?.closed).toBe(1);
  expect(names(found)).toEqual(["opening"]);
});

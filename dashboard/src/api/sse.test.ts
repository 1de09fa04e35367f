import { expect, test } from "vitest";
import { type SseEvent, SseReader } from "./sse";

test("events come out whole, however the stream was cut", () => {
  const text =
    ': beat\n\nid: 7\nevent: server.changed\ndata: {"kind":\ndata: "server"}\n\r\ndata: x\n\n';
  const found: SseEvent[] = [];
  const reader = new SseReader((event) => found.push(event));
  for (const character of text) reader.feed(character);

  expect(found).toEqual([
    { id: "7", event: "server.changed", data: '{"kind":\n"server"}' },
    { id: "7", event: "message", data: "x" },
  ]);
});

import { expect, test } from "vitest";
import { pageOf, streamOf, streamOfPage, wantedOf } from "./addresses";

const HERE = "https://cloud.example:8443";

test("Nova's address leads to a stream on the page's own host", () => {
  const url = "http://inside:80/dashboard/console.html?path=console%3Ftoken%3Da-b_c";

  expect(streamOfPage(url, HERE)).toBe("wss://cloud.example:8443/console?token=a-b_c");
});

test.each(["//evil.example/console?token=1", "/\\evil.example/console?token=1", "/\\/evil"])(
  "a path never leads to another host: %s",
  (path) => {
    expect(new URL(streamOf(path, HERE)).host).toBe("cloud.example:8443");
  },
);

test("without TLS the stream has none either", () => {
  expect(streamOf("console?token=1", "http://127.0.0.1:8780")).toBe(
    "ws://127.0.0.1:8780/console?token=1",
  );
});

test("a page's address says what it shows, and is read back", () => {
  const shown = [
    { by: "server", id: "one", kind: "novnc" },
    { by: "server", id: "two", kind: "serial" },
    { by: "node", id: "three" },
  ] as const;

  for (const one of shown) expect(wantedOf(new URL(pageOf(one), HERE).search), one.id).toEqual(one);
  expect(wantedOf("?other=1")).toBeNull();
});

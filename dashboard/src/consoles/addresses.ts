// Addresses of consoles: of the page that shows one, and of the stream behind it. Pure.

export type ConsoleKind = "novnc" | "serial";

/** What the page is asked to show: a stream whose address is given, or one it asks for itself. */
export type Wanted =
  | { by: "path"; path: string }
  | { by: "server"; id: string; kind: ConsoleKind }
  | { by: "node"; id: string };

const PAGE = "/dashboard/console.html";

/** The page's query; null where it names nothing. */
export function wantedOf(query: string): Wanted | null {
  const asked = new URLSearchParams(query);
  const [path, server, node] = ["path", "server", "node"].map((name) => asked.get(name));
  if (path) return { by: "path", path };
  const kind = asked.get("type") === "serial" ? "serial" : "novnc";
  if (server) return { by: "server", id: server, kind };
  return node ? { by: "node", id: node } : null;
}

/** The page that asks for its stream itself, with the session of the tab that opened it. */
export function pageOf(wanted: Exclude<Wanted, { by: "path" }>): string {
  const query = new URLSearchParams({ [wanted.by]: wanted.id });
  if (wanted.by === "server" && wanted.kind === "serial") query.set("type", "serial");
  return `${PAGE}?${query.toString()}`;
}

/** The WebSocket of a `path`, relative to the root of the page's own host and never elsewhere. */
export function streamOf(path: string, origin: string): string {
  const [name = "", ...query] = path.replace(/^[/\\]+/, "").split("?");
  const address = new URL(origin);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.pathname = `/${name}`;
  address.search = query.join("?");
  return address.toString();
}

/** The WebSocket behind the address that Nova gives for a `novnc` console. */
export function streamOfPage(url: string, origin: string): string {
  const wanted = wantedOf(new URL(url).search);
  return wanted?.by === "path" ? streamOf(wanted.path, origin) : url;
}

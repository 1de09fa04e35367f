// What consoles ask the cloud for: an address, good for one connection.
import { baremetal, compute, take } from "../api/clients";
import { type ConsoleKind, type Wanted, streamOf, streamOfPage } from "./addresses";

const PROTOCOLS = { novnc: "vnc", serial: "serial" } as const;

export async function serverStream(serverId: string, kind: ConsoleKind): Promise<string> {
  const params = { path: { server_id: serverId } };
  const body = { remote_console: { protocol: PROTOCOLS[kind], type: kind } };
  const asked = compute.POST("/servers/{server_id}/remote-consoles", { params, body });
  const { url } = (await take<{ remote_console: { url: string } }>(asked)).remote_console;
  return kind === "novnc" ? streamOfPage(url, location.origin) : url;
}

/** closed: what to say where the node's console is not open. */
export async function nodeStream(uuid: string, closed: string): Promise<string> {
  const params = { path: { node_ident: uuid } };
  const asked = baremetal.GET("/nodes/{node_ident}/states/console", { params });
  const { console_info } = await take<{ console_info: { url: string } | null }>(asked);
  if (!console_info) throw new Error(closed);
  return console_info.url;
}

export function streamFor(wanted: Wanted, closed: string): Promise<string> {
  if (wanted.by === "path") return Promise.resolve(streamOf(wanted.path, location.origin));
  if (wanted.by === "node") return nodeStream(wanted.id, closed);
  return serverStream(wanted.id, wanted.kind);
}

/** The machine's name, to be told apart by in a row of windows. */
export async function nameOf(wanted: Exclude<Wanted, { by: "path" }>): Promise<string> {
  if (wanted.by === "server") {
    const params = { path: { server_id: wanted.id } };
    const asked = compute.GET("/servers/{server_id}", { params });
    return (await take<{ server: { name: string } }>(asked)).server.name;
  }
  const params = { path: { node_ident: wanted.id } };
  const found = await take<{ name: string | null; uuid: string }>(
    baremetal.GET("/nodes/{node_ident}", { params }),
  );
  return found.name ?? found.uuid;
}

// One typed client for each API, from its own document. `take` turns an answer into its content
// or throws an ApiError. The documents describe paths, queries and request bodies; the shape of an
// answer is named where it is asked for: `take<{ servers: Server[] }>(compute.GET(...))`.
import createClient, { type Middleware } from "openapi-fetch";
import { errorOf } from "./errors";
import type { paths as BaremetalPaths } from "./generated/baremetal";
import type { paths as VolumePaths } from "./generated/block-storage";
import type { paths as ComputePaths } from "./generated/compute";
import type { paths as IdentityPaths } from "./generated/identity";
import type { paths as ImagePaths } from "./generated/image";
import type { paths as NetworkPaths } from "./generated/network";
import type { paths as PlacementPaths } from "./generated/placement";
import type { paths as UnkaiPaths } from "./generated/unkai";
import { endpointPath, expireSession, getSession } from "./session";

const MICROVERSIONS: Record<string, string> = {
  compute: "compute 2.96",
  baremetal: "baremetal 1.115",
  placement: "placement 1.39",
  volumev3: "volume 3.71",
};

/** Signs every request, asks for our microversion, and goes where the region's endpoint is. */
function signed(service: string, base: string): Middleware {
  return {
    onRequest({ request }) {
      const path = endpointPath(service);
      const moved =
        path && !isAt(path, base) ? new Request(moveTo(request.url, base, path), request) : null;
      const sent = moved ?? request;
      const token = getSession()?.token;
      if (token && !sent.headers.has("X-Auth-Token")) sent.headers.set("X-Auth-Token", token);
      const version = MICROVERSIONS[service];
      if (version && !sent.headers.has("OpenStack-API-Version"))
        sent.headers.set("OpenStack-API-Version", version);
      return sent;
    },
    onResponse({ request, response }) {
      const signedByUs = request.headers.get("X-Auth-Token") === getSession()?.token;
      if (response.status === 401 && signedByUs) expireSession();
      return undefined;
    },
  };
}

/** Whether a catalog's path leads to ours: it may leave out our version, or add its project. */
function isAt(path: string, base: string): boolean {
  return base.startsWith(path) || path.startsWith(`${base}/`);
}

function moveTo(url: string, from: string, to: string): string {
  const parts = new URL(url);
  parts.pathname = to + parts.pathname.slice(from.length);
  return parts.toString();
}

function client<Paths extends object>(service: string, base: string) {
  const made = createClient<Paths>({ baseUrl: base });
  made.use(signed(service, base));
  return made;
}

export const identity = client<IdentityPaths>("identity", "/identity");
export const compute = client<ComputePaths>("compute", "/compute/v2.1");
export const image = client<ImagePaths>("image", "/image");
export const network = client<NetworkPaths>("network", "/network");
export const baremetal = client<BaremetalPaths>("baremetal", "/baremetal/v1");
export const placement = client<PlacementPaths>("placement", "/placement");
export const volume = client<VolumePaths>("volumev3", "/volume/v3");
export const unkai = client<UnkaiPaths>("unkai", "/unkai/v1");

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** The content of an answer, as the shape that the caller knows it has; throws ApiError. */
export async function take<T>(asked: Promise<Answer>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw errorOf(response, error);
  return data as T;
}

/** An answer without content. */
export async function done(asked: Promise<Answer>): Promise<void> {
  await take<unknown>(asked);
}

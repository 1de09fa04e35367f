// Bringing an image in: its record, its bytes as a stream from the chosen file, and what the cloud
// found in them. Sent by XMLHttpRequest, because fetch does not say how far it has come.
import { done, image, take } from "../api/clients";
import { errorOf } from "../api/errors";
import type { Image } from "../api/models";
import { readAll } from "../api/queries";
import { endpointPath, expireSession, getSession } from "../api/session";
import { changeImage, removeImage } from "./actions";
import { imageOne, taskList } from "./queries";

export type Way = "upload" | "glance-direct" | "web-download";

export interface Plan {
  name: string;
  way: Way;
  file: File | null;
  uri: string;
  diskFormat: string;
  visibility: string;
  minDisk: number;
  minRam: number;
  isProtected: boolean;
}

export interface Progress {
  phase: "sending" | "checking" | "importing";
  sent: number;
  total: number;
}

const LOOK_MS = 700;

export class Aborted extends Error {}

/** The image, once the cloud has taken it; its record is deleted where it did not. */
export async function bringIn(
  plan: Plan,
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Image> {
  const record = {
    name: plan.name,
    disk_format: plan.diskFormat,
    container_format: "bare",
    visibility: plan.visibility,
    min_disk: plan.minDisk,
    min_ram: plan.minRam,
  };
  const made = await take<Image>(image.POST("/v2/images", { body: record as never }));
  try {
    await fill(made.id, plan, tell, signal);
    if (plan.isProtected)
      await changeImage(made.id, [{ op: "replace", path: "/protected", value: true }]);
    return await imageOne(made.id).queryFn();
  } catch (problem) {
    await removeImage(made.id).catch(() => undefined);
    throw problem;
  }
}

async function fill(
  id: string,
  plan: Plan,
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  if (plan.way !== "web-download" && plan.file)
    await send(id, plan.way === "upload" ? "file" : "stage", plan.file, tell, signal);
  if (plan.way === "upload") return;
  tell({ phase: "importing", sent: 0, total: 0 });
  const method = { name: plan.way, ...(plan.way === "web-download" && { uri: plan.uri }) };
  const path = { image_id: id };
  await done(
    image.POST("/v2/images/{image_id}/import", { params: { path }, body: { method } as never }),
  );
  await imported(id, signal);
}

function send(
  id: string,
  where: "file" | "stage",
  file: File,
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const total = file.size;
    request.open("PUT", `${endpointPath("image") ?? "/image"}/v2/images/${id}/${where}`);
    request.setRequestHeader("X-Auth-Token", getSession()?.token ?? "");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => tell({ phase: "sending", sent: loaded, total });
    request.upload.onload = () => tell({ phase: "checking", sent: total, total });
    request.onload = () => {
      if (request.status < 400) resolve();
      else {
        if (request.status === 401) expireSession();
        reject(refusal(request));
      }
    };
    request.onerror = () => reject(new TypeError("the connection broke"));
    request.onabort = () => reject(new Aborted());
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) reject(new Aborted());
    else request.send(file);
  });
}

function refusal(request: XMLHttpRequest): Error {
  const id = request.getResponseHeader("x-openstack-request-id");
  const headers = id ? { "x-openstack-request-id": id } : undefined;
  const { status, statusText } = request;
  return errorOf(new Response(null, { status, statusText, headers }), parsed(request.responseText));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Until the import has ended; what it failed of is its task's own sentence. */
async function imported(id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    if (signal.aborted) throw new Aborted();
    const tasks = await readAll(taskList(id));
    const newest = [...tasks].sort((a, b) => b.created_at.localeCompare(a.created_at))[0];
    if (newest?.status === "failure") throw new Error(newest.message);
    if (newest?.status === "success") return;
    await new Promise((resolve) => window.setTimeout(resolve, LOOK_MS));
  }
}

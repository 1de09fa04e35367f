// The provision states of a node: where they lie on its way, and which verbs lead out of them. The
// same table as the service's; what it refuses, the API refuses with a sentence.

export const STATIONS = ["enroll", "manageable", "available", "active"] as const;
export type Station = (typeof STATIONS)[number];

export type ProvisionVerb =
  | "manage"
  | "provide"
  | "inspect"
  | "clean"
  | "adopt"
  | "active"
  | "rebuild"
  | "deleted"
  | "rescue"
  | "unrescue"
  | "service"
  | "unhold"
  | "abort";

/** From which states each verb may be asked for. */
export const FROM: Record<ProvisionVerb, readonly string[]> = {
  manage: ["enroll", "available", "clean failed", "inspect failed", "adopt failed"],
  provide: ["manageable"],
  inspect: ["manageable", "inspect failed"],
  clean: ["manageable"],
  adopt: ["manageable", "adopt failed"],
  active: ["deploy failed"],
  rebuild: ["active", "deploy failed", "error"],
  rescue: ["active", "rescue", "rescue failed", "unrescue failed", "service failed"],
  unrescue: ["rescue", "rescue failed", "unrescue failed"],
  service: ["active", "service hold", "service failed"],
  unhold: ["deploy hold", "clean hold", "service hold"],
  abort: [
    "wait call-back",
    "deploy hold",
    "clean wait",
    "clean hold",
    "inspect wait",
    "rescue wait",
    "service wait",
    "service hold",
    "service failed",
  ],
  deleted: [
    "active",
    "wait call-back",
    "deploy failed",
    "error",
    "rescue wait",
    "rescue",
    "rescue failed",
    "unrescue failed",
    "service wait",
    "service failed",
  ],
};

export const DELETE_FROM: readonly string[] = ["enroll", "manageable", "available", "adopt failed"];

/** Between two stations, or beside one where both are the same. */
const WAYS: [words: string[], from: Station, to: Station][] = [
  [["verifying"], "enroll", "manageable"],
  [["inspecting", "inspect wait", "inspect failed"], "manageable", "manageable"],
  [["cleaning", "clean wait", "clean hold", "clean failed"], "manageable", "available"],
  [["adopting", "adopt failed"], "manageable", "active"],
  [["deploying", "wait call-back", "deploy hold", "deploy failed"], "available", "active"],
  [["deleting"], "active", "available"],
  [["error"], "active", "active"],
  [["rescuing", "rescue wait", "rescue", "rescue failed"], "active", "active"],
  [["unrescuing", "unrescue failed"], "active", "active"],
  [["servicing", "service wait", "service hold", "service failed"], "active", "active"],
];

export interface Way {
  from: Station;
  to: Station;
}

export function wayOf(state: string): Way {
  const station = STATIONS.find((one) => one === state);
  if (station) return { from: station, to: station };
  const found = WAYS.find(([words]) => words.includes(state));
  return found ? { from: found[1], to: found[2] } : { from: "enroll", to: "enroll" };
}

export function isFailed(state: string): boolean {
  return state === "error" || state.endsWith("failed");
}

/** Whether it will leave the state by itself. */
export function isBusy(state: string): boolean {
  const resting = ["rescue", ...STATIONS].includes(state as Station);
  return !resting && !isFailed(state) && !state.endsWith("hold");
}

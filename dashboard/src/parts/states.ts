// What a state means, for every service: one table, so that the same word looks the same anywhere.

export type Tone = "good" | "busy" | "warn" | "bad" | "off";

const TONES: Record<Tone, readonly string[]> = {
  good: [
    "active",
    "up",
    "available",
    "in-use",
    "enabled",
    "manageable",
    "running",
    "power on",
    "ok",
    "true",
  ],
  busy: [
    "build",
    "building",
    "reboot",
    "hard_reboot",
    "rebuild",
    "deleting",
    "queued",
    "saving",
    "importing",
    "deploying",
    "wait call-back",
    "cleaning",
    "clean wait",
    "clean",
    "inspecting",
    "inspect wait",
    "verifying",
    "adopting",
    "deleted",
    "migrating",
    "resize",
    "creating",
    "attaching",
    "detaching",
    "uploading",
    "waiting",
    "service",
    "servicing",
    "rescuing",
  ],
  warn: [
    "paused",
    "suspended",
    "verify_resize",
    "maintenance",
    "rescue",
    "blocked",
    "degraded",
    "deactivated",
  ],
  bad: [
    "error",
    "failed",
    "deploy failed",
    "clean failed",
    "inspect failed",
    "adopt failed",
    "killed",
    "unknown",
    "service failed",
    "rescue failed",
  ],
  off: [
    "shutoff",
    "stopped",
    "down",
    "enroll",
    "disabled",
    "power off",
    "n/a",
    "shelved",
    "shelved_offloaded",
    "false",
  ],
};

const BY_STATE = new Map(
  Object.entries(TONES).flatMap(([tone, states]) => states.map((one) => [one, tone as Tone])),
);

export function toneOf(state: string): Tone {
  return BY_STATE.get(state.toLowerCase()) ?? "off";
}

// Steps of a clean or a service as JSON, and those that are asked for most.

export const PRESETS = {
  eraseMetadata: { interface: "deploy", step: "erase_devices_metadata" },
  eraseDisks: { interface: "deploy", step: "erase_devices" },
  deleteRaid: { interface: "raid", step: "delete_configuration" },
  createRaid: { interface: "raid", step: "create_configuration" },
  resetBios: { interface: "bios", step: "factory_reset" },
  reboot: { interface: "power", step: "reboot" },
  hold: { interface: "power", step: "hold" },
} as const;

/** The text of the chosen steps, in the order they were chosen. */
export function stepsOf(names: string[]): string {
  const chosen = names.map((name) => PRESETS[name as keyof typeof PRESETS]).filter(Boolean);
  return chosen.length > 0 ? JSON.stringify(chosen, null, 2) : "";
}

/** null where the text is not a list of steps. */
export function parseSteps(text: string): unknown[] | null {
  if (text.trim() === "") return [];
  try {
    const found: unknown = JSON.parse(text);
    const isStep = (one: unknown) => typeof one === "object" && one !== null && "step" in one;
    return Array.isArray(found) && found.every(isStep) ? found : null;
  } catch {
    return null;
  }
}

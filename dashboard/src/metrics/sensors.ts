// How far a sensor's readings went. Pure.
import type { Tone } from "../parts/states";
import type { Sensor } from "./queries";

export type Ranges = Record<string, { least: number; most: number }>;

export function keyOf(sensor: Sensor): string {
  return `${sensor.type}/${sensor.name}`;
}

export function widened(ranges: Ranges, sensors: readonly Sensor[]): Ranges {
  const wider = { ...ranges };
  for (const sensor of sensors) {
    if (sensor.value === null) continue;
    const { least, most } = wider[keyOf(sensor)] ?? { least: sensor.value, most: sensor.value };
    wider[keyOf(sensor)] = {
      least: Math.min(least, sensor.value),
      most: Math.max(most, sensor.value),
    };
  }
  return wider;
}

/** By a BMC's words: ok, ns (no reading), nc, cr, nr (beyond a limit), or Redfish's. */
export function toneOfSensor(status: string): Tone {
  const word = status.toLowerCase();
  if (["cr", "nr", "critical"].includes(word)) return "bad";
  if (["nc", "warning"].includes(word)) return "warn";
  return ["ok", "enabled"].includes(word) ? "good" : "off";
}

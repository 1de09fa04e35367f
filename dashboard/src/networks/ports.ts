// Whose a port is.
import type { PortFull } from "./models";

export type Owned = Pick<PortFull, "device_id" | "device_owner">;

export function isServerPort(port: Owned): boolean {
  return /^(compute|baremetal):/.test(port.device_owner) && port.device_id !== "";
}

export function isRouterPort(port: Owned): boolean {
  return /^network:(router|ha_router)/.test(port.device_owner);
}

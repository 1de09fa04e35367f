// What pages of other areas ask the network service for.
import { FLOATING_IP, NETWORK, PORT, SECURITY_GROUP, listOf } from "./things";

export const networkList = () => listOf(NETWORK);

/** deviceId: only the ports of a server or router. */
export const portList = (deviceId?: string) =>
  listOf(PORT, deviceId === undefined ? {} : { device_id: deviceId });

export const floatingIpList = () => listOf(FLOATING_IP);

export const securityGroupList = (projectId?: string) =>
  listOf(SECURITY_GROUP, projectId === undefined ? {} : { project_id: projectId });

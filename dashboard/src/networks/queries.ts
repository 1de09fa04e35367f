// What pages ask the network service for.
import { network, take } from "../api/clients";
import { keys } from "../api/keys";
import type { FloatingIp, Network, Port, SecurityGroup } from "../api/models";
import { type ListSpec, PAGE, pageOf } from "../api/queries";

export function networkList(): ListSpec<Network> {
  return {
    queryKey: [...keys.networks, "list"],
    page: async (marker) => {
      const query = { limit: PAGE, marker } as never;
      const found = await take<{ networks: Network[]; networks_links?: unknown }>(
        network.GET("/v2.0/networks", { params: { query } }),
      );
      return pageOf(found.networks, found.networks_links, (one) => one.id);
    },
  };
}

/** deviceId: only the ports of a server or router. */
export function portList(deviceId?: string): ListSpec<Port> {
  return {
    queryKey: [...keys.ports, "list", deviceId ?? "all"],
    page: async (marker) => {
      const query = { limit: PAGE, marker, device_id: deviceId } as never;
      const found = await take<{ ports: Port[]; ports_links?: unknown }>(
        network.GET("/v2.0/ports", { params: { query } }),
      );
      return pageOf(found.ports, found.ports_links, (one) => one.id);
    },
  };
}

export function floatingIpList(): ListSpec<FloatingIp> {
  return {
    queryKey: [...keys.floatingIps, "list"],
    page: async (marker) => {
      const query = { limit: PAGE, marker } as never;
      const found = await take<{ floatingips: FloatingIp[]; floatingips_links?: unknown }>(
        network.GET("/v2.0/floatingips", { params: { query } }),
      );
      return pageOf(found.floatingips, found.floatingips_links, (one) => one.id);
    },
  };
}

export function securityGroupList(projectId?: string): ListSpec<SecurityGroup> {
  return {
    queryKey: [...keys.securityGroups, "list", projectId ?? "all"],
    page: async (marker) => {
      const query = { limit: PAGE, marker, project_id: projectId } as never;
      const found = await take<{
        security_groups: SecurityGroup[];
        security_groups_links?: unknown;
      }>(network.GET("/v2.0/security-groups", { params: { query } }));
      return pageOf(found.security_groups, found.security_groups_links, (one) => one.id);
    },
  };
}

// The areas of the dashboard, in the order of the navigation. An area appears once it has a page.
import {
  type Icon,
  IconAffiliate,
  IconDisc,
  IconFolders,
  IconId,
  IconKey,
  IconLayersSubtract,
  IconLayoutDashboard,
  IconMapPin,
  IconNetwork,
  IconPlug,
  IconRouter,
  IconServer2,
  IconServerCog,
  IconShield,
  IconUsers,
} from "@tabler/icons-react";
import type { LinkProps } from "@tanstack/react-router";
import type app from "./en.json";

export interface Place {
  to: LinkProps["to"];
  label: keyof typeof app & `nav.${string}`;
  icon: Icon;
  /** Only administrators may open it. */
  admin?: boolean;
  /** Only administrators, and projects that own or lease a node. */
  nodes?: boolean;
}

export interface Section {
  label?: keyof typeof app & `nav.${string}`;
  places: Place[];
}

export const SECTIONS: Section[] = [
  { places: [{ to: "/", label: "nav.overview", icon: IconLayoutDashboard }] },
  {
    label: "nav.compute",
    places: [
      { to: "/servers", label: "nav.servers", icon: IconServer2 },
      { to: "/images", label: "nav.images", icon: IconDisc },
      { to: "/keypairs", label: "nav.keypairs", icon: IconKey },
      { to: "/server-groups", label: "nav.serverGroups", icon: IconLayersSubtract },
    ],
  },
  {
    label: "nav.network",
    places: [
      { to: "/topology", label: "nav.topology", icon: IconAffiliate },
      { to: "/networks", label: "nav.networks", icon: IconNetwork },
      { to: "/routers", label: "nav.routers", icon: IconRouter },
      { to: "/ports", label: "nav.ports", icon: IconPlug },
      { to: "/floating-ips", label: "nav.floatingIps", icon: IconMapPin },
      { to: "/security-groups", label: "nav.securityGroups", icon: IconShield },
    ],
  },
  {
    label: "nav.baremetal",
    places: [{ to: "/nodes", label: "nav.nodes", icon: IconServerCog, nodes: true }],
  },
  {
    label: "nav.identity",
    places: [
      { to: "/projects", label: "nav.projects", icon: IconFolders, admin: true },
      { to: "/users", label: "nav.users", icon: IconUsers, admin: true },
      { to: "/credentials", label: "nav.credentials", icon: IconId },
    ],
  },
];

export function placesFor(admin: boolean, nodes = admin): Section[] {
  return SECTIONS.map((section) => ({
    ...section,
    places: section.places.filter((place) => admin || (!place.admin && (nodes || !place.nodes))),
  })).filter((section) => section.places.length > 0);
}

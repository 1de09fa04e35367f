// The areas of the dashboard, in the order of the navigation. An area appears once it has a page.
import {
  type Icon,
  IconAffiliate,
  IconArchive,
  IconBoxMultiple,
  IconBuilding,
  IconCamera,
  IconCategory,
  IconCpu,
  IconDatabase,
  IconDisc,
  IconFolders,
  IconGauge,
  IconHeartbeat,
  IconId,
  IconKey,
  IconLayersSubtract,
  IconLayoutDashboard,
  IconListCheck,
  IconMapPin,
  IconNetwork,
  IconPlug,
  IconRouter,
  IconRuler2,
  IconServer2,
  IconServerCog,
  IconShield,
  IconShieldCheck,
  IconShieldHalf,
  IconStack2,
  IconUsers,
  IconUsersGroup,
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
    label: "nav.storage",
    places: [
      { to: "/volumes", label: "nav.volumes", icon: IconDatabase },
      { to: "/snapshots", label: "nav.snapshots", icon: IconCamera },
      { to: "/backups", label: "nav.backups", icon: IconArchive },
      { to: "/volume-groups", label: "nav.volumeGroups", icon: IconBoxMultiple },
      { to: "/volume-types", label: "nav.volumeTypes", icon: IconCategory, admin: true },
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
      { to: "/groups", label: "nav.groups", icon: IconUsersGroup, admin: true },
      { to: "/roles", label: "nav.roles", icon: IconShieldHalf, admin: true },
      { to: "/domains", label: "nav.domains", icon: IconBuilding, admin: true },
      { to: "/credentials", label: "nav.credentials", icon: IconId },
    ],
  },
  {
    label: "nav.admin",
    places: [
      { to: "/admin/quotas", label: "nav.quotas", icon: IconGauge, admin: true },
      { to: "/admin/flavors", label: "nav.flavors", icon: IconRuler2, admin: true },
      { to: "/admin/hypervisors", label: "nav.hypervisors", icon: IconCpu, admin: true },
      { to: "/admin/aggregates", label: "nav.aggregates", icon: IconStack2, admin: true },
      { to: "/admin/services", label: "nav.services", icon: IconHeartbeat, admin: true },
      { to: "/admin/operations", label: "nav.operations", icon: IconListCheck, admin: true },
      { to: "/admin/audit", label: "nav.audit", icon: IconShieldCheck, admin: true },
    ],
  },
];

export function placesFor(admin: boolean, nodes = admin): Section[] {
  return SECTIONS.map((section) => ({
    ...section,
    places: section.places.filter((place) => admin || (!place.admin && (nodes || !place.nodes))),
  })).filter((section) => section.places.length > 0);
}

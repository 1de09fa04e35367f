// The areas of the dashboard, in the order of the navigation. An area appears once it has a page.
import { type Icon, IconLayoutDashboard, IconServer2, IconServerCog } from "@tabler/icons-react";
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
    places: [{ to: "/servers", label: "nav.servers", icon: IconServer2 }],
  },
  {
    label: "nav.baremetal",
    places: [{ to: "/nodes", label: "nav.nodes", icon: IconServerCog, nodes: true }],
  },
];

export function placesFor(admin: boolean, nodes = admin): Section[] {
  return SECTIONS.map((section) => ({
    ...section,
    places: section.places.filter((place) => admin || (!place.admin && (nodes || !place.nodes))),
  })).filter((section) => section.places.length > 0);
}

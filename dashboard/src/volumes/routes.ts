import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const volumesRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "volumes",
    component: lazyRouteComponent(() => import("./VolumesPage"), "VolumesPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "volumes/$volumeId",
    component: lazyRouteComponent(() => import("./VolumePage"), "VolumePage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "snapshots",
    component: lazyRouteComponent(() => import("./SnapshotsPage"), "SnapshotsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "backups",
    component: lazyRouteComponent(() => import("./BackupsPage"), "BackupsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "volume-groups",
    component: lazyRouteComponent(() => import("./GroupsPage"), "GroupsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "volume-types",
    component: lazyRouteComponent(() => import("./TypesPage"), "TypesPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "volume-types/$typeId",
    component: lazyRouteComponent(() => import("./TypePage"), "TypePage"),
  }),
] as const;

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const keypairsRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "keypairs",
    component: lazyRouteComponent(() => import("./KeypairsPage"), "KeypairsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "server-groups",
    component: lazyRouteComponent(() => import("./ServerGroupsPage"), "ServerGroupsPage"),
  }),
] as const;

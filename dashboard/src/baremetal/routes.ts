import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const baremetalRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "nodes",
    component: lazyRouteComponent(() => import("./NodesPage"), "NodesPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "nodes/rack",
    component: lazyRouteComponent(() => import("./RackPage"), "RackPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "nodes/enroll",
    component: lazyRouteComponent(() => import("./EnrollPage"), "EnrollPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "nodes/$nodeId",
    component: lazyRouteComponent(() => import("./NodePage"), "NodePage"),
    validateSearch: (search): { tab?: string } =>
      typeof search.tab === "string" ? { tab: search.tab } : {},
  }),
] as const;

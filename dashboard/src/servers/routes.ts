import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const serversRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "servers",
    component: lazyRouteComponent(() => import("./ServersPage"), "ServersPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "servers/launch",
    component: lazyRouteComponent(() => import("./LaunchPage"), "LaunchPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "servers/$serverId",
    component: lazyRouteComponent(() => import("./ServerPage"), "ServerPage"),
    validateSearch: (search): { tab?: string } =>
      typeof search.tab === "string" ? { tab: search.tab } : {},
  }),
] as const;

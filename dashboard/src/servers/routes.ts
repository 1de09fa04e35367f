import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

const CHOOSABLE = ["image", "flavor", "network", "volume", "snapshot"] as const;

/** Ids that the launch page begins with: whoever comes from an image means that image. */
type Chosen = Partial<Record<(typeof CHOOSABLE)[number], string>>;

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
    validateSearch: (search): Chosen => {
      const found = CHOOSABLE.filter((one) => typeof search[one] === "string");
      return Object.fromEntries(found.map((one) => [one, search[one]]));
    },
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "servers/$serverId",
    component: lazyRouteComponent(() => import("./ServerPage"), "ServerPage"),
    validateSearch: (search): { tab?: string } =>
      typeof search.tab === "string" ? { tab: search.tab } : {},
  }),
] as const;

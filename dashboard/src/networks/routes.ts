import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const networksRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "topology",
    component: lazyRouteComponent(() => import("./TopologyPage"), "TopologyPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "networks",
    component: lazyRouteComponent(() => import("./NetworksPage"), "NetworksPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "networks/$networkId",
    component: lazyRouteComponent(() => import("./NetworkPage"), "NetworkPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "ports",
    component: lazyRouteComponent(() => import("./PortsPage"), "PortsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "ports/$portId",
    component: lazyRouteComponent(() => import("./PortPage"), "PortPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "routers",
    component: lazyRouteComponent(() => import("./RoutersPage"), "RoutersPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "routers/$routerId",
    component: lazyRouteComponent(() => import("./RouterPage"), "RouterPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "floating-ips",
    component: lazyRouteComponent(() => import("./FloatingIpsPage"), "FloatingIpsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "security-groups",
    component: lazyRouteComponent(() => import("./SecurityGroupsPage"), "SecurityGroupsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "security-groups/$groupId",
    component: lazyRouteComponent(() => import("./SecurityGroupPage"), "SecurityGroupPage"),
  }),
] as const;

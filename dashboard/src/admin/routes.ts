import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const adminRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/quotas",
    component: lazyRouteComponent(() => import("./QuotasPage"), "QuotasPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/flavors",
    component: lazyRouteComponent(() => import("./FlavorsPage"), "FlavorsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/hypervisors",
    component: lazyRouteComponent(() => import("./HypervisorsPage"), "HypervisorsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/hypervisors/$hypervisorId",
    component: lazyRouteComponent(() => import("./HypervisorPage"), "HypervisorPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/services",
    component: lazyRouteComponent(() => import("./ServicesPage"), "ServicesPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/aggregates",
    component: lazyRouteComponent(() => import("./AggregatesPage"), "AggregatesPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/aggregates/$aggregateId",
    component: lazyRouteComponent(() => import("./AggregatePage"), "AggregatePage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/operations",
    component: lazyRouteComponent(() => import("./OperationsPage"), "OperationsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "admin/audit",
    component: lazyRouteComponent(() => import("./AuditPage"), "AuditPage"),
  }),
] as const;

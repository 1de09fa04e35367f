import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const identityRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "projects",
    component: lazyRouteComponent(() => import("./ProjectsPage"), "ProjectsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "projects/$projectId",
    component: lazyRouteComponent(() => import("./ProjectPage"), "ProjectPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "users",
    component: lazyRouteComponent(() => import("./UsersPage"), "UsersPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "users/$userId",
    component: lazyRouteComponent(() => import("./UserPage"), "UserPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "groups",
    component: lazyRouteComponent(() => import("./GroupsPage"), "GroupsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "groups/$groupId",
    component: lazyRouteComponent(() => import("./GroupPage"), "GroupPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "roles",
    component: lazyRouteComponent(() => import("./RolesPage"), "RolesPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "roles/$roleId",
    component: lazyRouteComponent(() => import("./RolePage"), "RolePage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "domains",
    component: lazyRouteComponent(() => import("./DomainsPage"), "DomainsPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "domains/$domainId",
    component: lazyRouteComponent(() => import("./DomainPage"), "DomainPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "credentials",
    component: lazyRouteComponent(() => import("./CredentialsPage"), "CredentialsPage"),
  }),
] as const;

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
    path: "credentials",
    component: lazyRouteComponent(() => import("./CredentialsPage"), "CredentialsPage"),
  }),
] as const;

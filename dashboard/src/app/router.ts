// Every route. An area adds its own in `src/<area>/routes.ts`, each page loaded when first shown.
import type { QueryClient } from "@tanstack/react-query";
import { createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoutes } from "../admin/routes";
import { baremetalRoutes } from "../baremetal/routes";
import { identityRoutes } from "../identity/routes";
import { imagesRoutes } from "../images/routes";
import { keypairsRoutes } from "../keypairs/routes";
import { networksRoutes } from "../networks/routes";
import { overviewRoutes } from "../overview/routes";
import { serversRoutes } from "../servers/routes";
import { volumesRoutes } from "../volumes/routes";
import { rootRoute, shellRoute } from "./root";

export interface SignInSearch {
  back?: string;
}

/** A path of ours, or nothing: named even then, for what is not named is taken as it came. */
function pathOf(asked: unknown): string | undefined {
  return typeof asked === "string" && /^\/(?![/\s])[^\\]*$/.test(asked) ? asked : undefined;
}

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "sign-in",
  component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
  validateSearch: (search): SignInSearch => ({ back: pathOf(search.back) }),
});

const tree = rootRoute.addChildren([
  signInRoute,
  shellRoute.addChildren([
    ...overviewRoutes,
    ...serversRoutes,
    ...baremetalRoutes,
    ...imagesRoutes,
    ...keypairsRoutes,
    ...networksRoutes,
    ...volumesRoutes,
    ...identityRoutes,
    ...adminRoutes,
  ]),
]);

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: "/dashboard",
    context: { queryClient },
    defaultPreload: "intent",
    defaultPendingMs: 300,
    scrollRestoration: true,
    trailingSlash: "never",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

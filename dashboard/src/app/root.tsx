// The two frames every page is in: the root with nothing, and the shell for who is signed in.
import { Outlet, createRootRouteWithContext, createRoute, redirect } from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";
import { getSession } from "../api/session";
import { Crash } from "./Crash";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

export interface RouterContext {
  queryClient: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: Crash,
  notFoundComponent: () => (
    <main>
      <NotFound />
    </main>
  ),
});

/** Pages below it are for who is signed in; others sign in first and come back. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  component: Shell,
  errorComponent: Crash,
  notFoundComponent: NotFound,
  beforeLoad: ({ location }) => {
    if (!getSession()?.project) throw redirect({ to: "/sign-in", search: { back: location.href } });
  },
});

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const imagesRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: "images",
    component: lazyRouteComponent(() => import("./ImagesPage"), "ImagesPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "images/upload",
    component: lazyRouteComponent(() => import("./UploadPage"), "UploadPage"),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: "images/$imageId",
    component: lazyRouteComponent(() => import("./ImagePage"), "ImagePage"),
  }),
] as const;

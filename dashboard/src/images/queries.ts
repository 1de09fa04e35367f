// What pages about images ask for.
import { image, take } from "../api/clients";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { type ListSpec, type OneSpec, PAGE, pageOf } from "../api/queries";
import type { ImportMethods, ImportTask, Member } from "./models";

export function imageList(): ListSpec<Image> {
  return {
    queryKey: [...keys.images, "list"],
    page: async (marker) => {
      const query = { limit: PAGE, marker } as never;
      const found = await take<{ images: Image[]; next?: string }>(
        image.GET("/v2/images", { params: { query } }),
      );
      return pageOf(found.images, found.next, (one) => one.id);
    },
  };
}

export function imageOne(id: string): OneSpec<Image> {
  return {
    queryKey: [...keys.images, "one", id],
    queryFn: () =>
      take<Image>(image.GET("/v2/images/{image_id}", { params: { path: { image_id: id } } })),
  };
}

export function memberList(id: string): ListSpec<Member> {
  return {
    queryKey: [...keys.images, "members", id],
    page: async () => {
      const path = { image_id: id };
      const asked = image.GET("/v2/images/{image_id}/members", { params: { path } });
      return { items: (await take<{ members: Member[] }>(asked)).members };
    },
  };
}

export function taskList(id: string): ListSpec<ImportTask> {
  return {
    queryKey: [...keys.images, "tasks", id],
    page: async () => {
      const path = { image_id: id };
      const asked = image.GET("/v2/images/{image_id}/tasks", { params: { path } });
      return { items: (await take<{ tasks: ImportTask[] }>(asked)).tasks };
    },
  };
}

/** The ways in which this cloud takes images besides a plain upload. */
export function importMethods(): OneSpec<string[]> {
  return {
    queryKey: [...keys.images, "methods"],
    queryFn: async () => {
      const found = await take<ImportMethods>(image.GET("/v2/info/import"));
      return found["import-methods"].value;
    },
  };
}

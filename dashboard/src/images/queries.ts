// What pages ask the image service for.
import { image, take } from "../api/clients";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { type ListSpec, PAGE, pageOf } from "../api/queries";

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

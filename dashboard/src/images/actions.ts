// What can be done to an image.
import { done, image, take } from "../api/clients";
import type { Image } from "../api/models";

const PATCH_TYPE = "application/openstack-images-v2.1-json-patch";

export interface Change {
  op: "add" | "replace" | "remove";
  path: string;
  value?: unknown;
}

/** A name as a step of a JSON pointer. */
export function pointer(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

export function changeImage(id: string, changes: Change[]): Promise<Image> {
  return take<Image>(
    image.PATCH("/v2/images/{image_id}", {
      params: { path: { image_id: id } },
      headers: { "Content-Type": PATCH_TYPE },
      body: changes as never,
    }),
  );
}

export function removeImage(id: string): Promise<void> {
  return done(image.DELETE("/v2/images/{image_id}", { params: { path: { image_id: id } } }));
}

/** Whether its data may be read and booted from. */
export function setActive(id: string, active: boolean): Promise<void> {
  const params = { path: { image_id: id } };
  return done(
    active
      ? image.POST("/v2/images/{image_id}/actions/reactivate", { params })
      : image.POST("/v2/images/{image_id}/actions/deactivate", { params }),
  );
}

export function addMember(id: string, member: string): Promise<void> {
  const path = { image_id: id };
  return done(image.POST("/v2/images/{image_id}/members", { params: { path }, body: { member } }));
}

export function removeMember(id: string, member: string): Promise<void> {
  const path = { image_id: id, member_id: member };
  return done(image.DELETE("/v2/images/{image_id}/members/{member_id}", { params: { path } }));
}

export function setTag(id: string, tag: string, there: boolean): Promise<void> {
  const params = { path: { image_id: id, tag } };
  return done(
    there
      ? image.PUT("/v2/images/{image_id}/tags/{tag}", { params })
      : image.DELETE("/v2/images/{image_id}/tags/{tag}", { params }),
  );
}

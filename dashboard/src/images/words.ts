// What an image's fields mean.
import type { Image } from "../api/models";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 512 B, 1.5 GiB. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(value < 10 && unit > 0 ? 1 : 0))} ${UNITS[unit]}`;
}

export const DISK_FORMATS = ["qcow2", "raw", "iso", "vmdk", "vhd", "vhdx", "vdi", "ploop"];
export const VISIBILITIES = ["private", "shared", "community", "public"] as const;

/** The format that a file's name speaks of; raw if it says nothing. */
export function formatOf(fileName: string): string {
  const ending = fileName.toLowerCase().split(".").at(-1) ?? "";
  return DISK_FORMATS.includes(ending) ? ending : ending === "img" ? "qcow2" : "raw";
}

/** The name without its ending. */
export function stemOf(fileName: string): string {
  return fileName.replace(/\.[A-Za-z0-9]{1,5}$/, "");
}

const ATTRIBUTES = new Set([
  ...["id", "name", "status", "visibility", "owner", "protected", "os_hidden", "min_disk"],
  ...["min_ram", "disk_format", "container_format", "size", "virtual_size", "checksum"],
  ...["os_hash_algo", "os_hash_value", "created_at", "updated_at", "tags", "self", "file"],
  ...["schema", "stores", "locations", "direct_url"],
]);

/** The additional properties: what whoever made the image says about it. */
export function propertiesOf(image: Image): [string, string][] {
  return Object.entries(image)
    .filter(([name, value]) => !ATTRIBUTES.has(name) && typeof value === "string")
    .map(([name, value]) => [name, String(value)] as [string, string])
    .sort(([a], [b]) => a.localeCompare(b));
}

export function nameOf(image: Image): string {
  return image.name || image.id;
}

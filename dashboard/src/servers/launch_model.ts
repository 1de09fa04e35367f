// What the launch form holds, the request it becomes, and the command that does the same. Pure.
import type { Flavor, Image } from "../api/models";
import { openstack } from "../parts/shell_words";

export interface Launch {
  name: string;
  count: number;
  description: string;
  imageId: string | null;
  flavorId: string | null;
  networkIds: string[];
  groups: string[];
  keyName: string | null;
  userData: string;
  metadata: string;
  configDrive: boolean;
}

export const BLANK: Launch = {
  name: "",
  count: 1,
  description: "",
  imageId: null,
  flavorId: null,
  networkIds: [],
  groups: [],
  keyName: null,
  userData: "",
  metadata: "",
  configDrive: false,
};

/** What is chosen before anybody has chosen: ids that came along with the way here. */
export function beginning(chosen: { image?: string; flavor?: string; network?: string }): Launch {
  return {
    ...BLANK,
    imageId: chosen.image ?? null,
    flavorId: chosen.flavor ?? null,
    networkIds: chosen.network ? [chosen.network] : [],
  };
}

const GIB = 2 ** 30;

/** What the flavor lacks for the image ("2 GiB disk"); null if it is large enough. */
export function lacks(
  flavor: Flavor,
  image: Image | undefined,
): { ram?: number; disk?: number } | null {
  if (!image) return null;
  const disk = Math.max(image.min_disk, Math.ceil((image.virtual_size ?? 0) / GIB));
  const found = {
    ...(flavor.ram < image.min_ram && { ram: image.min_ram }),
    ...(flavor.disk > 0 && flavor.disk < disk && { disk }),
  };
  return Object.keys(found).length > 0 ? found : null;
}

export function metadataOf(text: string): Record<string, string> {
  const pairs = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line): [string, string] => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    });
  return Object.fromEntries(pairs);
}

/** Base64 of UTF-8. */
function encoded(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

export function bodyOf(launch: Launch) {
  return {
    server: {
      name: launch.name.trim(),
      imageRef: launch.imageId,
      flavorRef: launch.flavorId ?? "",
      networks: launch.networkIds.length > 0 ? launch.networkIds.map((uuid) => ({ uuid })) : "auto",
      min_count: launch.count,
      max_count: launch.count,
      metadata: metadataOf(launch.metadata),
      config_drive: launch.configDrive,
      ...(launch.description && { description: launch.description }),
      ...(launch.groups.length > 0 && {
        security_groups: launch.groups.map((name) => ({ name })),
      }),
      ...(launch.keyName && { key_name: launch.keyName }),
      ...(launch.userData && { user_data: encoded(launch.userData) }),
    },
  };
}

interface Names {
  image?: string | null;
  flavor?: string;
  networks: string[];
}

export function commandOf(launch: Launch, names: Names): string {
  const networks = names.networks.flatMap((one) => ["--network", one]);
  return openstack(
    "server",
    "create",
    ...["--image", names.image ?? "IMAGE", "--flavor", names.flavor ?? "FLAVOR"],
    ...(networks.length > 0 ? networks : ["--nic", "auto"]),
    ...launch.groups.flatMap((one) => ["--security-group", one]),
    ...(launch.keyName ? ["--key-name", launch.keyName] : []),
    ...(launch.description ? ["--description", launch.description] : []),
    ...(launch.userData ? ["--user-data", "FILE"] : []),
    ...(launch.configDrive ? ["--use-config-drive"] : []),
    ...Object.entries(metadataOf(launch.metadata)).flatMap(([key, value]) => [
      "--property",
      `${key}=${value}`,
    ]),
    ...(launch.count > 1 ? ["--min", launch.count, "--max", launch.count] : []),
    launch.name.trim() || "NAME",
  );
}

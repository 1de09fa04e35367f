// What the launch form holds, the request it becomes, and the command that does the same. Pure.
import type { Flavor, Image } from "../api/models";
import { openstack } from "../parts/shell_words";

const GIB = 2 ** 30;

/** What the root disk is: the host's own, of an image, or a volume. */
export type BootSource = "image" | "image-volume" | "volume" | "snapshot";

/** A blank volume that is made along with the server. */
export interface ExtraDisk {
  /** Tells it from the others while it is written. */
  key: number;
  /** GiB. */
  size: number;
  /** Whether it is deleted with the server. */
  goes: boolean;
}

export interface Launch {
  name: string;
  count: number;
  description: string;
  boot: BootSource;
  imageId: string | null;
  /** Of the volume or snapshot to boot from. */
  bootId: string | null;
  /** GiB of the volume made of an image or a snapshot. */
  bootSize: number;
  /** Whether the volume it boots from is deleted with it. */
  bootGoes: boolean;
  extra: ExtraDisk[];
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
  boot: "image",
  imageId: null,
  bootId: null,
  bootSize: 1,
  bootGoes: false,
  extra: [],
  flavorId: null,
  networkIds: [],
  groups: [],
  keyName: null,
  userData: "",
  metadata: "",
  configDrive: false,
};

/** Ids that came along with the way here. */
export type Chosen = Partial<
  Record<"image" | "flavor" | "network" | "volume" | "snapshot", string>
>;

/** What is chosen before anybody has chosen: ids that came along with the way here. */
export function beginning(chosen: Chosen): Launch {
  const { volume, snapshot } = chosen;
  return {
    ...BLANK,
    ...(volume && { boot: "volume", bootId: volume }),
    ...(snapshot && { boot: "snapshot", bootId: snapshot }),
    imageId: chosen.image ?? null,
    flavorId: chosen.flavor ?? null,
    networkIds: chosen.network ? [chosen.network] : [],
  };
}

/** Whether it is said what the server boots from. */
export function hasRoot({ boot, imageId, bootId }: Launch): boolean {
  return boot === "volume" || boot === "snapshot" ? bootId !== null : imageId !== null;
}

/** The image whose wants the host's own disk must meet: none, where the root is a volume. */
export function onHost<T>({ boot }: Launch, image: T | undefined): T | undefined {
  return boot === "image" ? image : undefined;
}

/** GiB of volumes that the launch makes, for one server. */
export function newGib({ boot, bootSize, extra }: Launch): number {
  const root = boot === "image-volume" || boot === "snapshot" ? bootSize : 0;
  return extra.reduce((sum, one) => sum + one.size, root);
}

export function newVolumes({ boot, extra }: Launch): number {
  return extra.length + (boot === "image-volume" || boot === "snapshot" ? 1 : 0);
}

type Device = Record<string, string | number | boolean>;

function devicesOf(launch: Launch): Device[] {
  const { boot, imageId, bootId, bootSize, bootGoes, extra } = launch;
  const blanks = extra.map((one) => ({
    source_type: "blank",
    destination_type: "volume",
    boot_index: -1,
    volume_size: one.size,
    delete_on_termination: one.goes,
  }));
  if (boot === "image") return blanks;
  const root: Device = {
    uuid: (boot === "image-volume" ? imageId : bootId) ?? "",
    source_type: boot === "image-volume" ? "image" : boot,
    destination_type: "volume",
    boot_index: 0,
    ...(boot !== "volume" && { volume_size: bootSize }),
    delete_on_termination: bootGoes,
  };
  return [root, ...blanks];
}

function diskOf(image: Image): number {
  return Math.max(image.min_disk, Math.ceil((image.virtual_size ?? 0) / GIB));
}

/** GiB that a volume needs for the image. */
export function leastGib(image: Image | undefined): number {
  return Math.max(1, image ? diskOf(image) : 1);
}

/** What the flavor lacks for the image ("2 GiB disk"); null if it is large enough. */
export function lacks(
  flavor: Flavor,
  image: Image | undefined,
): { ram?: number; disk?: number } | null {
  if (!image) return null;
  const disk = diskOf(image);
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
  const devices = devicesOf(launch);
  return {
    server: {
      name: launch.name.trim(),
      ...(launch.boot === "image" && { imageRef: launch.imageId }),
      ...(devices.length > 0 && { block_device_mapping_v2: devices }),
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

/** What is so anyway is left out. */
function pairsOf(device: Device): string {
  return Object.entries(device)
    .filter(([, value]) => value !== false && value !== -1)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
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
    ...(launch.boot === "image" ? ["--image", names.image ?? "IMAGE"] : []),
    ...devicesOf(launch).flatMap((one) => ["--block-device", pairsOf(one)]),
    ...["--flavor", names.flavor ?? "FLAVOR"],
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

"""The interface `redfish-virtual-media`: the BMC inserts a CD of ours, no DHCP and TFTP needed.

Each machine has a CD of its own: the kernel's command line is on it, with our address and, since
nobody else reads it, the agent's token. It is served under a secret path, by the listener of the
network that the ramdisk will be on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from unkai.baremetal.drivers.base import Ramdisk as RamdiskWish
from unkai.baremetal.drivers.boot.files import check_line, check_url, is_url
from unkai.baremetal.drivers.boot.images import GlanceImages
from unkai.baremetal.drivers.boot.ipxe import (
    ManagementOf,
    no_volumes,
    set_boot_device,
    standing_arguments,
)
from unkai.baremetal.drivers.boot.published import PublishedFiles
from unkai.baremetal.drivers.provisioning.serving import Serving
from unkai.baremetal.model import Node, Port, SanVolume
from unkai.guests.boot_iso import make_boot_iso
from unkai.guests.ramdisk import Ramdisk
from unkai.kit.errors import BadRequest, Failed
from unkai.network.fields import is_uuid

MEDIA: Final = "media"
DEVICE: Final = "cdrom"
_NETWORKS: Final = {
    "deploy": "provisioning",
    "clean": "cleaning",
    "inspect": "inspection",
    "rescue": "rescuing",
    "service": "servicing",
}


class VirtualMediaBoot:
    """folder: of the CDs, ours alone. ramdisk: the folder of our kernel and initramfs."""

    def __init__(  # noqa: PLR0917  # as many neighbours as it has
        self,
        folder: Path,
        published: PublishedFiles,
        management: ManagementOf,
        ramdisk: Path,
        images: GlanceImages,
        serving: Serving,
    ) -> None:
        self._folder = folder
        self._published = published
        self._management = management
        self._ramdisk = ramdisk
        self._images = images
        self._serving = serving

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def properties(self) -> dict[str, str]:
        return {
            "deploy_iso": "Image id or http address of a CD to deploy with; optional.",
            "deploy_kernel": "Image id of the kernel of the CD that we make; optional.",
            "deploy_ramdisk": "Image id of its ramdisk; optional.",
            "kernel_append_params": "More words for its command line; optional.",
            "external_http_url": "Address of ours that the BMC reaches; optional.",
        }

    def validate(self, node: Node) -> None:
        iso: Any = node.driver_info.get("deploy_iso")
        if iso is not None:
            _check_iso(iso)
        for role in ("deploy", "rescue"):
            pair = [node.driver_info.get(f"{role}_{word}") for word in ("kernel", "ramdisk")]
            if any(pair) and not all(isinstance(one, str) and _is_image(one) for one in pair):
                raise BadRequest(
                    f"driver_info/{role}_kernel and {role}_ramdisk must both be images' ids: the "
                    "CD is made of them here.",
                    code="driver-info",
                )
        url: Any = node.driver_info.get("external_http_url")
        if url is not None:
            check_url(str(url), "external_http_url")

    async def prepare_ramdisk(
        self, node: Node, ports: Sequence[Port], ramdisk: RamdiskWish
    ) -> None:
        iso: Any = ramdisk.iso or node.driver_info.get("deploy_iso")
        purpose = _NETWORKS[ramdisk.mode]
        url = await self._serving.url_for(purpose, node.driver_info.get(f"{purpose}_network"))
        if iso:
            _check_iso(iso)
        if iso and is_url(iso):
            where = str(iso)
        else:
            path = await self._images.file(iso.removeprefix("glance://")) if iso else None
            path = path or await self._make(node, ramdisk, url)
            reached = str(node.driver_info.get("external_http_url") or url).rstrip("/")
            where = reached + self._published.publish(node.uuid, MEDIA, path)
        await self._hand_over(node, where)

    async def clean_up_ramdisk(self, node: Node, ports: Sequence[Port]) -> None:
        await self._take_back(node)
        self._forget(node)

    async def prepare_instance(
        self, node: Node, ports: Sequence[Port], volumes: Sequence[SanVolume] = ()
    ) -> None:
        if volumes:
            raise no_volumes(node)
        await self.clean_up_ramdisk(node, ports)
        await set_boot_device(self._management(node), node, "disk", persistent=True)

    async def clean_up_instance(self, node: Node, ports: Sequence[Port]) -> None:
        await self.clean_up_ramdisk(node, ports)

    def script(self, node: Node) -> str | None:
        return None

    async def leftovers(self, keep: Sequence[str], deployed: Sequence[str] = ()) -> list[str]:
        nodes = set(self._published.nodes_but(MEDIA, keep))
        nodes |= {path.stem for path in self._folder.glob("*.iso")} - set(keep)
        return [f"CD of node {node_id}" for node_id in sorted(nodes)]

    async def _hand_over(self, node: Node, url: str) -> None:
        management = self._management(node)
        await management.insert_media(node, DEVICE, url)
        await set_boot_device(management, node, DEVICE, persistent=False)

    async def _take_back(self, node: Node) -> None:
        await self._management(node).eject_media(node, DEVICE)

    async def _make(self, node: Node, ramdisk: RamdiskWish, url: str) -> Path:
        packed = await self._packed(ramdisk)
        given = [f"{name}={value}" for name, value in sorted(ramdisk.arguments.items())]
        words = [*given, *standing_arguments(node, ramdisk)]
        if ramdisk.token is not None:
            words.append(f"ipa-agent-token={ramdisk.token}")
        line = check_line(" ".join(words).replace("{url}", url), "kernel_append_params")
        path = self._folder / f"{node.uuid}.iso"
        await asyncio.to_thread(make_boot_iso, path, packed, line)
        path.chmod(0o600)
        return path

    async def _packed(self, ramdisk: RamdiskWish) -> Ramdisk:
        """The files of the CD: the images that the node names, else our own."""
        if ramdisk.kernel and ramdisk.initramfs:
            named = (ramdisk.kernel, ramdisk.initramfs)
            kernel, initramfs = [
                await self._images.file(one.removeprefix("glance://")) for one in named
            ]
            return Ramdisk(kernel=kernel, initramfs=initramfs)
        own = Ramdisk(kernel=self._ramdisk / "kernel", initramfs=self._ramdisk / "initramfs")
        if not own.kernel.exists() or not own.initramfs.exists():
            raise Failed(
                f"There is no ramdisk in {self._ramdisk}.",
                code="ramdisk-missing",
                remedy="Build it, or name deploy_iso in driver_info.",
            )
        return own

    def _forget(self, node: Node) -> None:
        self._published.withdraw(node.uuid, MEDIA)
        (self._folder / f"{node.uuid}.iso").unlink(missing_ok=True)


class UrlBoot(VirtualMediaBoot):
    """The interface `redfish-https`: the same CD, which the firmware itself fetches by HTTP.

    The BMC is told its address, for one boot; nothing is there to be taken back.
    """

    async def _hand_over(self, node: Node, url: str) -> None:
        await self._management(node).boot_from_url(node, url)

    async def _take_back(self, node: Node) -> None:
        """It has been booted from, or never will be: its address ends with the file."""


def _check_iso(iso: Any) -> None:
    if isinstance(iso, str) and is_url(iso):
        check_url(iso, "deploy_iso")
    elif not isinstance(iso, str) or not _is_image(iso):
        raise BadRequest(
            "driver_info/deploy_iso must be an image's id or an http address.", code="driver-info"
        )


def _is_image(source: str) -> bool:
    return is_uuid(source.removeprefix("glance://"))

"""Glance's images for agents: raw, from our own HTTP, under a path that only the node is told.

Where an NFS export is named, our own agent reads them from there instead.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from unkai.baremetal.drivers.boot.convert import RawImages
from unkai.baremetal.drivers.boot.nfs import NfsExport
from unkai.baremetal.drivers.boot.published import PublishedFiles
from unkai.baremetal.drivers.provisioning.serving import Serving
from unkai.baremetal.model import DeployImage, Node
from unkai.image.actions.get_image import get_image
from unkai.image.actions.open_data import data_path
from unkai.image.model import Image, Status
from unkai.image.service import ImageService
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import service_caller

IMAGE: Final = "image"
_OTHER_AGENTS: Final = ("deploy_ramdisk", "deploy_iso")
"""Of driver_info: whose agent need not know NFS."""
AS_THEY_ARE: Final = frozenset({"raw", "iso", "ami", "aki", "ari"})


class GlanceImages:
    def __init__(
        self,
        glance: ImageService,
        published: PublishedFiles,
        raw: RawImages,
        serving: Serving,
        nfs: NfsExport | None = None,
    ) -> None:
        self._glance = glance
        self._published = published
        self._raw = raw
        self._serving = serving
        self._nfs = nfs

    async def publish(self, node: Node, image_id: str) -> DeployImage:
        """NotFound, BadRequest (code "image-not-bootable") where no disk can be made of it."""
        found = await self._active(image_id)
        source, disk_format = data_path(self._glance, found.id), found.disk_format or "raw"
        if disk_format in AS_THEY_ARE:
            return DeployImage(
                id=found.id,
                url=await self._offer(node, source),
                os_hash_algo="sha512",
                os_hash_value=found.os_hash_value or "",
                disk_format="raw",
                size_bytes=found.size,
            )
        if not found.virtual_size:
            raise _not_bootable(found, f"nobody knows how large the {disk_format} disk in it is")
        raw = await self._raw.have(found.id, source, disk_format, found.virtual_size)
        return DeployImage(
            id=found.id,
            url=await self._offer(node, raw.path),
            os_hash_algo="sha256",
            os_hash_value=raw.sha256,
            disk_format="raw",
            size_bytes=raw.size_bytes,
        )

    async def _offer(self, node: Node, path: Path) -> str:
        """The address at which the node's agent finds the file."""
        if self._nfs is not None and not any(node.driver_info.get(key) for key in _OTHER_AGENTS):
            return await asyncio.to_thread(self._nfs.publish, node.uuid, path)
        url = await self._serving.url_for(
            "provisioning", node.driver_info.get("provisioning_network")
        )
        return url + self._published.publish(node.uuid, IMAGE, path)

    async def withdraw(self, node: Node) -> None:
        self._published.withdraw(node.uuid, IMAGE)
        if self._nfs is not None:
            await asyncio.to_thread(self._nfs.withdraw, node.uuid)

    async def file(self, image_id: str) -> Path:
        """The file of a kernel, ramdisk or CD; for machines to fetch it as it is."""
        return data_path(self._glance, (await self._active(image_id)).id)

    def leftovers(self, keep: Sequence[str]) -> list[str]:
        found = set(self._published.nodes_but(IMAGE, keep))
        if self._nfs is not None:
            found.update(self._nfs.nodes_but(keep))
        return [f"image of node {node_id}" for node_id in sorted(found)]

    async def forget_deleted(self) -> None:
        """Drop the raw form of images that Glance has no more."""
        reader, who = self._glance.kit.database.reader, service_caller("baremetal", "")
        keep: list[str] = []
        for image_id in self._raw.ids():
            with contextlib.suppress(NotFound):
                keep.append((await get_image(self._glance, reader, who, image_id)).id)
        self._raw.evict(keep, self._published.paths())

    async def _active(self, image_id: str) -> Image:
        reader = self._glance.kit.database.reader
        found = await get_image(self._glance, reader, service_caller("baremetal", ""), image_id)
        if found.status != Status.ACTIVE:
            raise _not_bootable(found, f"it is {found.status}")
        if not found.is_disk:
            raise _not_bootable(found, f"it is packed in a container ({found.container_format})")
        return found


def _not_bootable(image: Image, why: str) -> BadRequest:
    return BadRequest(
        f"Image {image.id} cannot be given to a machine: {why}.", code="image-not-bootable"
    )

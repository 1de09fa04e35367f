"""Virtual media by Redfish: an image by URL in a drive that the BMC plays."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.redfish.document import Document, at, link, links, text, words
from unkai.baremetal.drivers.redfish.login import Login, login_of
from unkai.baremetal.drivers.redfish.power import RedfishDriver
from unkai.baremetal.model import Node
from unkai.kit.errors import Failed

TYPES = {
    "cdrom": ("CD", "DVD"),
    "dvd": ("DVD", "CD"),
    "floppy": ("Floppy", "USBStick"),
    "disk": ("USBStick",),
}
"""A device's name to the media types that can play it."""
INSERT, EJECT = "#VirtualMedia.InsertMedia", "#VirtualMedia.EjectMedia"


class RedfishMedia(RedfishDriver):
    async def insert_media(self, node: Node, device: str, url: str) -> None:
        login, drive = await self._drive(node, device)
        if text(drive, "Image") == url and at(drive, "Inserted") is not False:
            return
        if text(drive, "Image"):
            await self._eject(login, drive)
        what = f"insert {url}"
        target = text(drive, "Actions", INSERT, "target")
        full = {"Image": url, "Inserted": True, "WriteProtected": True}
        if not target:
            await self._redfish.patch(login, link(drive), full, what)
            return
        try:
            await self._redfish.post(login, target, full, what)
        except Failed as refused:
            if not any(name in refused.message for name in ("Inserted", "WriteProtected")):
                raise
            await self._redfish.post(login, target, {"Image": url}, what)  # it knows no more

    async def eject_media(self, node: Node, device: str | None) -> None:
        """One device's image, or every one."""
        if device is not None:
            login, drive = await self._drive(node, device)
            drives = [drive]
        else:
            login, drives = login_of(node), await self._drives(node)
        for drive in drives:
            if text(drive, "Image") or at(drive, "Inserted") is True:
                await self._eject(login, drive)

    async def list_media(self, node: Node) -> list[dict[str, Any]]:
        return [
            {
                "media_types": words(drive, "MediaTypes"),
                "inserted": bool(at(drive, "Inserted")),
                "image": text(drive, "Image"),
            }
            for drive in await self._drives(node)
        ]

    async def _eject(self, login: Login, drive: Document) -> None:
        if target := text(drive, "Actions", EJECT, "target"):
            await self._redfish.post(login, target, {}, "eject the media")
        else:
            change = {"Image": None, "Inserted": False}
            await self._redfish.patch(login, link(drive), change, "eject the media")

    async def _drive(self, node: Node, device: str) -> tuple[Login, Document]:
        """The drive that plays such a device best."""
        drives = await self._drives(node)
        for kind in TYPES.get(device, ()):
            for drive in drives:
                if kind in words(drive, "MediaTypes"):
                    return login_of(node), drive
        raise unsupported(node, f"virtual media of type {device} on this BMC")

    async def _drives(self, node: Node) -> list[Document]:
        """Those of the system, or of its managers, as older services have it."""
        login, system = await self._system(node)
        collections = [link(system, "VirtualMedia")]
        if not collections[0]:
            managers = [
                await self._redfish.get(login, path) for path in links(system, "Links", "ManagedBy")
            ]
            collections = [link(manager, "VirtualMedia") for manager in managers]
        found: list[Document] = []
        for path in filter(None, collections):
            found += await self._redfish.members(login, path)
        if not found:
            raise unsupported(node, "virtual media on this BMC")
        return found

"""The interface `ipxe`: the machine's own network boot finds a script of ours, and our ramdisk.

So does `http-ipxe`, by a UEFI firmware that fetches its first file by HTTP where it can be told to:
DHCP answers each machine in the way that it asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from unkai.baremetal.drivers.base import Management, Ramdisk, Unsupported
from unkai.baremetal.drivers.boot import scripts
from unkai.baremetal.drivers.boot.files import (
    VOLUMES,
    BootEntry,
    BootFiles,
    check_line,
    check_url,
    is_url,
)
from unkai.baremetal.drivers.capabilities import BIOS, capability
from unkai.baremetal.model import Node, Port, SanVolume
from unkai.kit.errors import BadRequest, Failed
from unkai.kit.log import log
from unkai.network.fields import is_uuid

CONSOLE: Final = "console=tty0 console=ttyS0,115200n8"
HTTP: Final = "uefihttp"
PXE: Final = "pxe"
KERNEL, INITRAMFS = "kernel", "initramfs"
INSPECTION: Final = (
    "ipa-inspection-callback-url={url}/v1/continue_inspection",
    "ipa-collect-lldp=1",
)
"""Where an agent tells what it found; it listens to the machine's switches first."""
ManagementOf = Callable[[Node], Management]
ImageFile = Callable[[str], Awaitable[Path]]


class IpxeBoot:
    """ramdisk: the folder of our own kernel and initramfs. image_file: of a Glance image's id."""

    def __init__(
        self,
        files: BootFiles,
        management: ManagementOf,
        ramdisk: Path,
        image_file: ImageFile,
        *,
        device: str = PXE,
    ) -> None:
        self._files = files
        self._management = management
        self._ramdisk = ramdisk
        self._image_file = image_file
        self._device = device

    def properties(self) -> dict[str, str]:
        return {
            "deploy_kernel": "Image id or http address of the kernel to deploy with; optional.",
            "deploy_ramdisk": "Image id or http address of its ramdisk; optional.",
            "kernel_append_params": "More words for its command line; optional.",
        }

    def validate(self, node: Node) -> None:
        for key in ("deploy_kernel", "deploy_ramdisk", "rescue_kernel", "rescue_ramdisk"):
            source: Any = node.driver_info.get(key)
            if source is not None:
                _check_source(source, key)
        _appended(node)
        if self._device == HTTP and capability(node, "boot_mode") == BIOS:
            raise BadRequest(
                f"Node {node.uuid} boots by HTTP, which only a UEFI firmware can: its boot_mode "
                "is bios.",
                code="boot-mode",
                remedy="Set the capability boot_mode to uefi, or take the boot interface ipxe.",
            )

    async def prepare_ramdisk(self, node: Node, ports: Sequence[Port], ramdisk: Ramdisk) -> None:
        macs = tuple(port.address.lower() for port in ports if port.pxe_enabled)
        if not macs:
            raise BadRequest(
                f"Node {node.uuid} has no port with PXE enabled.",
                code="no-pxe-port",
                remedy="Create one with the MAC of the NIC it boots from.",
            )
        given = [f"{name}={value}" for name, value in sorted(ramdisk.arguments.items())]
        entry = BootEntry(
            node_id=node.uuid,
            mode=ramdisk.mode,
            macs=macs,
            kernel=await self._source(node, ramdisk, KERNEL),
            initramfs=await self._source(node, ramdisk, INITRAMFS),
            arguments=(*given, *standing_arguments(node, ramdisk)),
        )
        for word in entry.arguments:
            check_line(word, "kernel_append_params")
        self._files.put(entry)
        management = self._management(node)
        device = self._device
        if device not in management.supported_boot_devices(node):
            device = PXE
        await set_boot_device(management, node, device, persistent=False)

    async def clean_up_ramdisk(self, node: Node, ports: Sequence[Port]) -> None:
        self._files.remove(node.uuid)

    async def prepare_instance(
        self, node: Node, ports: Sequence[Port], volumes: Sequence[SanVolume] = ()
    ) -> None:
        if volumes and self._device != PXE:
            raise no_volumes(node)
        self._files.remove(node.uuid)
        if volumes:
            # No MAC: its secrets are told on its tenant's network alone, and there to it alone.
            entry = BootEntry(node_id=node.uuid, mode=VOLUMES, volumes=tuple(volumes))
            self._files.put(entry)
            await set_boot_device(self._management(node), node, PXE, persistent=True)
            return
        await set_boot_device(self._management(node), node, "disk", persistent=True)

    async def clean_up_instance(self, node: Node, ports: Sequence[Port]) -> None:
        self._files.remove(node.uuid)

    def script(self, node: Node) -> str | None:
        entry = self._files.of_node(node.uuid)
        return scripts.boot_volumes(entry) if entry is not None and entry.volumes else None

    async def leftovers(self, keep: Sequence[str], deployed: Sequence[str] = ()) -> list[str]:
        found = self._files.nodes_but(keep)
        booted = {one for one in deployed if (entry := self._files.of_node(one)) and entry.volumes}
        return [f"boot files of node {node_id}" for node_id in found if node_id not in booted]

    async def _source(self, node: Node, ramdisk: Ramdisk, which: str) -> str:
        """A path of ours or an address, for the kernel or the initramfs."""
        word = "kernel" if which == KERNEL else "ramdisk"
        role = "rescue" if ramdisk.mode == "rescue" else "deploy"
        given = ramdisk.kernel if which == KERNEL else ramdisk.initramfs
        source: Any = given or node.driver_info.get(f"{role}_{word}")
        if not source:
            path = self._ramdisk / which
            if not path.exists():
                raise Failed(
                    f"The ramdisk's {which} is not at {path}.",
                    code="ramdisk-missing",
                    remedy="Build it, or name deploy_kernel and deploy_ramdisk in driver_info.",
                )
            return str(path)
        _check_source(source, f"{role}_{word}")
        if is_url(source):
            return str(source)
        return str(await self._image_file(source.removeprefix("glance://")))


def standing_arguments(node: Node, ramdisk: Ramdisk) -> list[str]:
    """What every ramdisk gets: where the API is, the console, what the node adds."""
    words = ["ipa-api-url={url}"]
    if ramdisk.mode == "inspect":
        words += INSPECTION
    return [*words, *(_appended(node) or CONSOLE).split()]


def no_volumes(node: Node) -> BadRequest:
    return BadRequest(
        f"The boot interface {node.interface('boot')} of node {node.uuid} boots from no volumes.",
        code="boot-from-volume",
        remedy="Take the boot interface ipxe.",
    )


async def set_boot_device(
    management: Management, node: Node, device: str, *, persistent: bool
) -> None:
    """A machine without such a wish of ours boots in an order of its own: no reason to stop."""
    try:
        await management.set_boot_device(node, device, persistent=persistent)
    except Unsupported:
        log.info("baremetal.boot_device_unset", node=node.uuid, device=device)


def _appended(node: Node) -> str:
    """`%default%` in it stands for our own words."""
    value: Any = node.driver_info.get("kernel_append_params") or ""
    if not isinstance(value, str):
        raise BadRequest("driver_info/kernel_append_params must be a text.", code="driver-info")
    return check_line(value.replace("%default%", CONSOLE), "kernel_append_params")


def _check_source(source: Any, key: str) -> None:
    if isinstance(source, str) and is_url(source):
        check_url(source, key)
    elif not isinstance(source, str) or not is_uuid(source.removeprefix("glance://")):
        raise BadRequest(
            f"driver_info/{key} must be an image's id or an http address.", code="driver-info"
        )

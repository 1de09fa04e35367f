"""Boot override, boot mode, secure boot, NMI, light and sensors by Redfish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.capabilities import BIOS, UEFI, capability
from unkai.baremetal.drivers.redfish.document import Document, at, link, text, words
from unkai.baremetal.drivers.redfish.media import RedfishMedia
from unkai.baremetal.drivers.redfish.sensors import read_all
from unkai.baremetal.model import Node
from unkai.kit.errors import BadRequest

HTTP = "UefiHttp"
TARGETS = {
    "pxe": ("Pxe",),
    "disk": ("Hdd",),
    "cdrom": ("Cd", "UsbCd"),
    "bios": ("BiosSetup",),
    "floppy": ("Floppy",),
    "uefihttp": (HTTP,),
}
"""A boot device to the override targets that mean it, the best first."""
NAMES = {target: name for name, targets in TARGETS.items() for target in targets}
MODES = {BIOS: "Legacy", UEFI: "UEFI"}
SEEN_MODES = {"Legacy": BIOS, "UEFI": UEFI}
TARGET, ENABLED, MODE = (
    "BootSourceOverrideTarget",
    "BootSourceOverrideEnabled",
    "BootSourceOverrideMode",
)


class RedfishManagement(RedfishMedia):
    def supported_boot_devices(self, node: Node) -> Sequence[str]:
        return tuple(TARGETS)

    async def get_boot_device(self, node: Node) -> tuple[str | None, bool | None]:
        _, system = await self._system(node)
        name = NAMES.get(text(system, "Boot", TARGET))
        enabled = text(system, "Boot", ENABLED)
        if name is None or enabled == "Disabled":
            return None, None
        return name, enabled == "Continuous"

    async def set_boot_device(self, node: Node, device: str, *, persistent: bool) -> None:
        if device not in TARGETS:
            raise unsupported(node, f"the boot device {device}")
        _, system = await self._system(node)
        known = words(system, "Boot", f"{TARGET}@Redfish.AllowableValues")
        target = next((one for one in TARGETS[device] if one in known), None)
        if target is None:
            if known and device != "cdrom":
                raise unsupported(node, f"the boot device {device} on this BMC")
            target = TARGETS[device][0]  # many leave Cd out of the list and take it
        boot = {TARGET: target, ENABLED: "Continuous" if persistent else "Once"}
        if mode := _wanted_mode(node, system):
            boot[MODE] = mode
        await self._change(node, {"Boot": boot}, f"boot from {device}")

    async def boot_from_url(self, node: Node, url: str) -> None:
        _, system = await self._system(node)
        known = words(system, "Boot", f"{TARGET}@Redfish.AllowableValues")
        if known and HTTP not in known:
            raise unsupported(node, "UEFI HTTP boot on this BMC")
        boot = {TARGET: HTTP, ENABLED: "Once", MODE: MODES[UEFI], "HttpBootUri": url}
        await self._change(node, {"Boot": boot}, "boot from a URL")

    async def get_boot_mode(self, node: Node) -> str | None:
        _, system = await self._system(node)
        return SEEN_MODES.get(text(system, "Boot", MODE))

    async def set_boot_mode(self, node: Node, mode: str) -> None:
        if mode not in MODES:
            raise BadRequest(f"The boot mode {mode!r} is neither bios nor uefi.")
        _, system = await self._system(node)
        if text(system, "Boot", MODE) != MODES[mode]:
            await self._change(node, {"Boot": {MODE: MODES[mode]}}, f"boot in {mode} mode")

    async def get_secure_boot(self, node: Node) -> bool | None:
        found = text(await self._secure_boot(node), "SecureBootCurrentBoot")
        return found == "Enabled" if found else None

    async def set_secure_boot(self, node: Node, *, on: bool) -> None:
        """It counts from the next boot on."""
        current = await self._secure_boot(node)
        if at(current, "SecureBootEnable") is not on:
            login, system = await self._system(node)
            what = f"switch secure boot {'on' if on else 'off'}"
            path = link(system, "SecureBoot")
            await self._redfish.patch(login, path, {"SecureBootEnable": on}, what)

    async def inject_nmi(self, node: Node) -> None:
        login, system = await self._system(node)
        await self._reset(node, login, system, ("Nmi",), "inject an NMI")

    async def set_indicator(self, node: Node, *, on: bool) -> None:
        _, system = await self._system(node)
        if "LocationIndicatorActive" in system:
            change: Document = {"LocationIndicatorActive": on}
        elif "IndicatorLED" in system:
            change = {"IndicatorLED": "Blinking" if on else "Off"}
        else:
            raise unsupported(node, "an identify light on this BMC")
        await self._change(node, change, "blink the identify light")

    async def get_sensors(self, node: Node) -> dict[str, Any]:
        login, system = await self._system(node)
        return await read_all(self._redfish, login, system)

    async def detect_vendor(self, node: Node) -> str | None:
        _, system = await self._system(node)
        return text(system, "Manufacturer") or None

    async def _secure_boot(self, node: Node) -> Document:
        login, system = await self._system(node)
        path = link(system, "SecureBoot")
        if not path:
            raise unsupported(node, "secure boot on this BMC")
        return await self._redfish.get(login, path)


def _wanted_mode(node: Node, system: Document) -> str:
    """What the node is to boot in; else what it has, for some BMCs want it said again."""
    wanted = capability(node, "boot_mode")
    current = text(system, "Boot", MODE)
    return MODES.get(wanted, current) if wanted and current else current

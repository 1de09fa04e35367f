"""Boot device, sensors, NMI and the identify light by IPMI."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.capabilities import UEFI, boot_mode
from unkai.baremetal.drivers.ipmi import chassis, sensors
from unkai.baremetal.drivers.ipmi.calls import IpmiDriver
from unkai.baremetal.drivers.ipmi.chassis import DEVICES, Control
from unkai.baremetal.drivers.ipmi.login import flag
from unkai.baremetal.drivers.ipmi.session import Refused
from unkai.baremetal.model import Node

BOOT_DEVICES = ("pxe", "disk", "cdrom", "bios", "safe")
APPLICATION, DEVICE_ID = 0x06, 0x01
IDENTIFY_S = 240
VENDORS = {
    2: "ibm",
    11: "hewlett packard enterprise",
    343: "intel",
    674: "dell inc",
    10876: "supermicro",
    19046: "lenovo",
    47196: "hewlett packard enterprise",
}
"""By their enterprise numbers, as `detect_vendor` says them."""


class IpmiManagement(IpmiDriver):
    def validate(self, node: Node) -> None:
        super().validate(node)
        for key in ("ipmi_disable_boot_timeout", "ipmi_force_boot_device"):
            flag(node.driver_info, key, default=True)

    def supported_boot_devices(self, node: Node) -> Sequence[str]:
        return BOOT_DEVICES

    async def get_boot_device(self, node: Node) -> tuple[str | None, bool | None]:
        return await chassis.get_boot_device(self._ask(node, "tell the boot device"))

    async def set_boot_device(self, node: Node, device: str, *, persistent: bool) -> None:
        if device not in BOOT_DEVICES:
            raise unsupported(node, f"the boot device {device}")
        if flag(node.driver_info, "ipmi_disable_boot_timeout", default=True):
            with suppress(Refused):  # older BMCs have no such parameter
                await chassis.keep_boot_device(self._raw(node))
        await chassis.set_boot_device(
            self._ask(node, f"boot from {device}"),
            DEVICES[device],
            persistent=persistent,
            efi=boot_mode(node) == UEFI,
        )

    async def get_boot_mode(self, node: Node) -> str | None:
        raise unsupported(node, "get_boot_mode")

    async def set_boot_mode(self, node: Node, mode: str) -> None:
        raise unsupported(node, "set_boot_mode")

    async def get_secure_boot(self, node: Node) -> bool | None:
        raise unsupported(node, "get_secure_boot")

    async def set_secure_boot(self, node: Node, *, on: bool) -> None:
        raise unsupported(node, "set_secure_boot")

    async def inject_nmi(self, node: Node) -> None:
        await chassis.control(self._ask(node, "inject an NMI"), Control.NMI)

    async def set_indicator(self, node: Node, *, on: bool) -> None:
        """The identify light; it goes out by itself after four minutes."""
        ask = self._ask(node, "blink the identify light")
        await chassis.identify(ask, IDENTIFY_S if on else 0)

    async def get_sensors(self, node: Node) -> dict[str, Any]:
        return await sensors.read_all(self._ask(node, "read its sensors"), self._raw(node))

    async def insert_media(self, node: Node, device: str, url: str) -> None:
        raise unsupported(node, "virtual media")

    async def boot_from_url(self, node: Node, url: str) -> None:
        raise unsupported(node, "UEFI HTTP boot")

    async def eject_media(self, node: Node, device: str | None) -> None:
        raise unsupported(node, "virtual media")

    async def list_media(self, node: Node) -> list[dict[str, Any]]:
        raise unsupported(node, "virtual media")

    async def detect_vendor(self, node: Node) -> str | None:
        answer = await self._ask(node, "tell its vendor")(APPLICATION, DEVICE_ID, b"")
        number = int.from_bytes(answer[6:9], "little") & 0xFFFFF
        return VENDORS.get(number)

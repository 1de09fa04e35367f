"""A machine's front panel as its BMC sees it: the machine's verbs, minus what the BMC is broken in.

Both kinds of BMC come through here, so a fault of the power means the same to IPMI and Redfish.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from unkai.rack.machine import Machine
from unkai.rack.model import BootDevice

BIOS: Final = {"EmbeddedSata": "Ahci", "NicBoot1": "NetworkBoot", "ProcTurboMode": "Enabled"}
"""What its BIOS has settings of, as it was built; none changes what QEMU does."""


class Panel:
    """`honest`: the panel as the person before the machine has it, with no BMC in between."""

    def __init__(self, machine: Machine, *, honest: bool = False) -> None:
        self._machine = machine
        self._honest = honest

    def reported_power(self) -> bool:
        lie = self._machine.memory.faults.get("bmc-lies")
        if lie is None:
            return self._machine.is_on
        return not self._machine.is_on if lie.power == "inverted" else lie.power == "on"

    @property
    def _deaf(self) -> bool:
        return not self._honest and "bmc-ignores" in self._machine.memory.faults

    async def power(self, *, on: bool) -> None:
        if not self._deaf:
            await (self._machine.power_on() if on else self._machine.power_off())

    async def reset(self) -> None:
        if not self._deaf:
            await self._machine.reset()

    async def press_power_button(self) -> None:
        if not self._deaf:
            await self._machine.press_power_button()

    @property
    def boot(self) -> BootDevice:
        return self._machine.memory.boot

    def set_boot(self, device: BootDevice, *, once: bool) -> None:
        self._machine.set_boot(device, once=once)

    @property
    def bios(self) -> dict[str, str]:
        """As the machine was started with it."""
        firmware = "Uefi" if self._machine.spec.firmware == "uefi" else "Bios"
        return {**BIOS, "BootMode": firmware, **self._machine.memory.bios}

    def set_bios(self, settings: dict[str, str] | None) -> None:
        if not self._deaf:
            self._machine.set_bios(settings)

    @property
    def medium(self) -> str:
        return self._machine.memory.medium

    async def insert(self, image: Path) -> None:
        await self._machine.insert(image)

    async def eject(self) -> None:
        await self._machine.eject()

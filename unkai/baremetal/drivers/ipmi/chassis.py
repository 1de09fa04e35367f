"""Chassis commands (chapter 28): power, boot device, identify, NMI, as bytes and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import IntEnum

CHASSIS = 0x00
STATUS, CONTROL, IDENTIFY, SET_BOOT, GET_BOOT = 0x01, 0x02, 0x04, 0x08, 0x09
BOOT_FLAGS, BOOT_VALIDITY = 5, 3
VALID, PERSISTENT, EFI = 0x80, 0x40, 0x20
KEEP_PAST_TIMEOUT = 0x08

Ask = Callable[[int, int, bytes], Awaitable[bytes]]
"""(netfn, command, data) to the answer's data; `Ipmi.request` with its login given."""


class Control(IntEnum):
    DOWN = 0
    UP = 1
    CYCLE = 2
    RESET = 3
    NMI = 4
    SOFT = 5


DEVICES = {"pxe": 1, "disk": 2, "safe": 3, "cdrom": 5, "bios": 6, "floppy": 15}
NAMES = {number: name for name, number in DEVICES.items()}


async def is_on(ask: Ask) -> bool:
    return bool((await ask(CHASSIS, STATUS, b""))[0] & 1)


async def control(ask: Ask, what: Control) -> None:
    await ask(CHASSIS, CONTROL, bytes((what,)))


async def identify(ask: Ask, seconds: int) -> None:
    """Blink; 0 ends it."""
    await ask(CHASSIS, IDENTIFY, bytes((seconds,)))


async def set_boot_device(ask: Ask, device: int, *, persistent: bool, efi: bool) -> None:
    flags = VALID | (PERSISTENT if persistent else 0) | (EFI if efi else 0)
    await ask(CHASSIS, SET_BOOT, bytes((BOOT_FLAGS, flags, device << 2, 0, 0, 0)))


async def keep_boot_device(ask: Ask) -> None:
    """Do not let the flags run out 60 s after they were set: a firmware may start later."""
    await ask(CHASSIS, SET_BOOT, bytes((BOOT_VALIDITY, KEEP_PAST_TIMEOUT)))


async def get_boot_device(ask: Ask) -> tuple[str | None, bool | None]:
    """(name, persistent); (None, None) where none is set or the BMC names one we do not know."""
    answer = await ask(CHASSIS, GET_BOOT, bytes((BOOT_FLAGS, 0, 0)))
    if len(answer) < 4:
        return None, None
    name = NAMES.get(answer[3] >> 2 & 0x0F)
    return (name, bool(answer[2] & PERSISTENT)) if name else (None, None)

"""What can be broken on demand, and what each break means."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

FaultKind = Literal[
    "bmc-silent",
    "bmc-drops",
    "bmc-slow",
    "bmc-lies",
    "bmc-ignores",
    "nic-no-link",
    "disk-fails",
    "hangs",
    "mute",
]

KINDS: tuple[str, ...] = get_args(FaultKind)

MEANINGS: dict[str, str] = {
    "bmc-silent": "The BMC hears nothing and answers nothing.",
    "bmc-drops": "Every Nth request to the BMC is lost (every).",
    "bmc-slow": "Every request reaches the BMC late (delay_s).",
    "bmc-lies": "The BMC reports a power state that is not so (power: on, off, inverted).",
    "bmc-ignores": "The BMC confirms power commands and does nothing.",
    "nic-no-link": "A NIC has no link (nic).",
    "disk-fails": "The disk answers reads, writes or both with errors (io: read, write, any).",
    "hangs": "The machine powers on and its firmware never starts (from the next power on).",
    "mute": "DHCP is answered, then nothing the machine sends arrives: it never calls back (nic).",
}


class Fault(Struct, frozen=True, kw_only=True):
    """One break of one machine. A machine has at most one of a kind."""

    kind: FaultKind
    every: int = 3
    delay_s: float = 2.0
    power: Literal["on", "off", "inverted"] = "inverted"
    nic: int = 0
    io: Literal["read", "write", "any"] = "any"


Faults = dict[str, Fault]
"""By kind."""

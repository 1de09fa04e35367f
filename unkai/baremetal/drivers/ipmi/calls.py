"""A node's BMC by IPMI: what a driver asks of it, refusals in words."""

from __future__ import annotations

from functools import partial

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.ipmi.chassis import Ask
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.login import OPTIONAL, REQUIRED, login_of
from unkai.baremetal.drivers.ipmi.session import Refused
from unkai.baremetal.model import Node

WORDS = {
    0xC0: "it is busy",
    0xC1: "it does not know the command",
    0xC2: "it does not know the command for this unit",
    0xC3: "it timed out",
    0xC4: "it is out of space",
    0xC7: "the request's length is wrong",
    0xC9: "a parameter is out of range",
    0xCB: "what was asked for is not there",
    0xCC: "a field of the request is not valid",
    0xD3: "the destination is not available",
    0xD4: "the user's privilege is not enough",
    0xD5: "it cannot in its present state",
    0xD6: "this part of the command is disabled",
}
UNKNOWN_COMMAND = {0xC1, 0xC2, 0xD6}


class IpmiDriver:
    """What all IPMI interfaces have in common."""

    def __init__(self, ipmi: Ipmi) -> None:
        self._ipmi = ipmi

    def properties(self) -> dict[str, str]:
        return {**REQUIRED, **OPTIONAL}

    def validate(self, node: Node) -> None:
        login_of(node)

    def _raw(self, node: Node) -> Ask:
        """Asks that raise Refused, for who knows what a code means."""
        return partial(self._ipmi.request, login_of(node))

    def _ask(self, node: Node, what: str) -> Ask:
        """Asks whose refusals say what was wanted ("set the boot device")."""
        login = login_of(node)

        async def ask(netfn: int, command: int, data: bytes) -> bytes:
            try:
                return await self._ipmi.request(login, netfn, command, data)
            except Refused as refusal:
                if refusal.code in UNKNOWN_COMMAND:
                    raise unsupported(node, f"{what} on this BMC") from refusal
                words = WORDS.get(refusal.code, str(refusal))
                raise bmc.refused(login.where, what, words) from refusal

        return ask

"""What a BMC may say to a session's opening: the RMCP+ status codes (table 13-15), as meanings."""

from __future__ import annotations

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.ipmi.packets import Payload

LEAST_BYTES: dict[int, int] = {
    Payload.OPEN_RESPONSE: 12,
    Payload.RAKP_2: 40,
    Payload.RAKP_4: 8,
}
SUITE_CODES = {0x04, 0x05, 0x06, 0x07, 0x10, 0x11}
ROOM_CODES = {0x01: "its sessions are all taken", 0x0B: "its sessions of this role are all taken"}
LOGIN_CODES = {
    0x09: "the role is not valid",
    0x0A: "the user may not have this privilege",
    0x0C: "the user name is too long for it",
    0x0D: "it knows no such user",
    0x0E: "it does not accept our identity",
    0x0F: "it does not accept our proof of the password",
}
LOST_CODES = {0x02, 0x08}
NO_PROOF = 0x0F


class SuiteRefused(Exception):
    """The BMC does not speak this cipher suite."""


class StartOver(Exception):
    """The BMC lost the half-open session, or took a repeated request for a new one."""


def check(where: str, answer_type: int, answer: bytes) -> None:
    """Raise what the status of an answer means; 0 is yes."""
    status = answer[1]
    if status == 0:
        return
    if status in LOST_CODES or (status == NO_PROOF and answer_type == Payload.RAKP_4):
        raise StartOver
    if status in SUITE_CODES:
        raise SuiteRefused
    if status in ROOM_CODES:
        raise bmc.busy(where, ROOM_CODES[status])
    if status in LOGIN_CODES:
        raise bmc.login_refused(where, LOGIN_CODES[status])
    raise bmc.refused(where, "open a session", f"status 0x{status:02x}")

"""RMCP+ datagrams as bytes: headers, cipher suites, keys of a session, messages. Pure functions.

Chapters are those of the IPMI 2.0 specification: 13.6 (headers), 13.17 to 13.24 (session setup),
13.28 to 13.32 (integrity and confidentiality).
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

RMCP = b"\x06\x00\xff\x07"
RMCP_PLUS = 0x06
HEADER_BYTES = 16
ENCRYPTED, AUTHENTICATED = 0x80, 0x40
NO_SESSION = b"\0\0\0\0"
BMC, CONSOLE = 0x20, 0x81
PASSWORD_BYTES = 20


class Payload(IntEnum):
    IPMI = 0x00
    SOL = 0x01
    OPEN_REQUEST = 0x10
    OPEN_RESPONSE = 0x11
    RAKP_1 = 0x12
    RAKP_2 = 0x13
    RAKP_3 = 0x14
    RAKP_4 = 0x15


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite (table 22-20): what proves, what guards, what hides."""

    number: int
    authentication: int
    integrity: int
    confidentiality: int
    hash: str
    mac_bytes: int

    def mac(self, key: bytes, data: bytes) -> bytes:
        return hmac.digest(key, data, self.hash)


SUITES = {
    3: Suite(3, 1, 1, 1, "sha1", 12),
    17: Suite(17, 3, 4, 1, "sha256", 16),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """What both sides of a session know once it is open."""

    suite: Suite
    bmc_session: bytes
    integrity: bytes
    encryption: algorithms.AES128

    @classmethod
    def derived(cls, suite: Suite, bmc_session: bytes, session_key: bytes) -> Keys:
        size = hashlib.new(suite.hash).digest_size
        return cls(
            suite,
            bmc_session,
            suite.mac(session_key, b"\x01" * size),
            algorithms.AES128(suite.mac(session_key, b"\x02" * size)[:16]),
        )


@dataclass(frozen=True, slots=True)
class Datagram:
    """A datagram from a BMC, not yet proven."""

    payload_type: int
    flags: int
    session: bytes
    sequence: int
    payload: bytes
    raw: bytes


def plain(payload_type: int, payload: bytes) -> bytes:
    """A datagram outside any session: session setup."""
    return (
        RMCP
        + bytes((RMCP_PLUS, payload_type))
        + NO_SESSION
        + NO_SESSION
        + struct.pack("<H", len(payload))
        + payload
    )


def parsed(raw: bytes) -> Datagram | None:
    """None for what is no RMCP+ datagram."""
    if len(raw) < HEADER_BYTES or raw[:1] != RMCP[:1] or raw[4] != RMCP_PLUS:
        return None
    sequence, size = struct.unpack_from("<IH", raw, 10)
    if len(raw) < HEADER_BYTES + size:
        return None
    payload = raw[HEADER_BYTES : HEADER_BYTES + size]
    return Datagram(raw[5] & 0x3F, raw[5] & 0xC0, raw[6:10], sequence, payload, raw)


def sealed(keys: Keys, sequence: int, payload_type: int, payload: bytes, iv: bytes) -> bytes:
    """A datagram of a session: encrypted and signed. iv: 16 random bytes."""
    pad = -(len(payload) + 1) % 16
    clear = payload + bytes(range(1, pad + 1)) + bytes((pad,))
    cipher = Cipher(keys.encryption, modes.CBC(iv)).encryptor()
    body = iv + cipher.update(clear) + cipher.finalize()
    signed = (
        bytes((RMCP_PLUS, payload_type | ENCRYPTED | AUTHENTICATED))
        + keys.bmc_session
        + struct.pack("<IH", sequence, len(body))
        + body
    )
    pad = -(len(signed) + 2) % 4
    signed += b"\xff" * pad + bytes((pad, 0x07))
    return RMCP + signed + keys.suite.mac(keys.integrity, signed)[: keys.suite.mac_bytes]


def opened(keys: Keys, datagram: Datagram) -> bytes | None:
    """The payload of a datagram of our session, or None if it is not provably the BMC's."""
    if datagram.flags & AUTHENTICATED == 0:
        return None
    size = keys.suite.mac_bytes
    signed, mac = datagram.raw[4:-size], datagram.raw[-size:]
    if not hmac.compare_digest(keys.suite.mac(keys.integrity, signed)[:size], mac):
        return None
    body = datagram.payload
    if datagram.flags & ENCRYPTED == 0:
        return body
    if len(body) < 32 or len(body) % 16:
        return None
    cipher = Cipher(keys.encryption, modes.CBC(body[:16])).decryptor()
    clear = cipher.update(body[16:]) + cipher.finalize()
    return clear[: len(clear) - 1 - clear[-1]] if clear[-1] < len(clear) else None


def message(netfn: int, command: int, sequence: int, data: bytes) -> bytes:
    """A request to the BMC (13.8): headers and both checksums."""
    head = bytes((BMC, netfn << 2))
    body = bytes((CONSOLE, sequence << 2, command)) + data
    return head + bytes((checksum(head),)) + body + bytes((checksum(body),))


def is_answer(payload: bytes, netfn: int, command: int, sequence: int) -> bool:
    """Whether a payload is the answer to that message."""
    return (
        len(payload) >= 8
        and payload[1] >> 2 == netfn | 1
        and payload[4] >> 2 == sequence
        and payload[5] == command
        and checksum(payload[3:-1]) == payload[-1]
    )


def checksum(data: bytes) -> int:
    return -sum(data) & 0xFF


def open_request(suite: Suite, console_session: bytes) -> bytes:
    def algorithm(kind: int, number: int) -> bytes:
        return bytes((kind, 0, 0, 8, number, 0, 0, 0))

    return plain(
        Payload.OPEN_REQUEST,
        b"\0\0\0\0"
        + console_session
        + algorithm(0, suite.authentication)
        + algorithm(1, suite.integrity)
        + algorithm(2, suite.confidentiality),
    )


def rakp_1(bmc_session: bytes, random: bytes, user: bytes) -> bytes:
    """user: role byte, length, name, as `user_part` makes it."""
    return plain(Payload.RAKP_1, NO_SESSION + bmc_session + random + user[:1] + b"\0\0" + user[1:])


def user_part(privilege: int, name: bytes) -> bytes:
    """The requested role (looked up by name alone), and the user: part of every proof."""
    return bytes((0x10 | privilege, len(name))) + name


def rakp_3(bmc_session: bytes, proof: bytes) -> bytes:
    return plain(Payload.RAKP_3, NO_SESSION + bmc_session + proof)

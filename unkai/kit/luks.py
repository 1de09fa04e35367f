"""The header of an encrypted disk (LUKS, version 1): its master key, locked by ours.

QEMU's own tools measure for seconds how often they must hash a password to make guessing it slow.
The keys here are random and as long as the cipher's: nobody guesses them, so that the least number
of rounds is enough, and a header takes milliseconds. QEMU opens what is written here; the format is
documented in cryptsetup's "LUKS1 On-Disk Format Specification".
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from unkai.kit.clock import Chance

CIPHER: Final = "aes-xts-plain64"
KEY_BITS: Final = (256, 512)
_HEADER = struct.Struct(">6sH32s32s32sII20s32sI40s")
_SLOT = struct.Struct(">II32sII")
_SLOTS, _STRIPES, _ROUNDS = 8, 4000, 1000
_SECTOR, _ALIGNED = 512, 4096
_LIVE, _DEAD = 0x00AC71F3, 0x0000DEAD


def make_header(password: bytes, key_bits: int, chance: Chance) -> bytes:
    """All of it up to the first sector of contents, for AES in XTS; some 20 ms of work."""
    assert key_bits in KEY_BITS, key_bits
    size = key_bits // 8
    master, salt = chance.token_bytes(size), chance.token_bytes(32)
    material = -(-size * _STRIPES // _ALIGNED) * _ALIGNED
    offsets = [(_ALIGNED + number * material) // _SECTOR for number in range(_SLOTS + 1)]
    slot_salt = chance.token_bytes(32)
    slots = _SLOT.pack(_LIVE, _ROUNDS, slot_salt, offsets[0], _STRIPES)
    for offset in offsets[1:_SLOTS]:
        slots += _SLOT.pack(_DEAD, 0, b"", offset, _STRIPES)
    header = _HEADER.pack(
        b"LUKS\xba\xbe",
        1,
        b"aes",
        b"xts-plain64",
        b"sha256",
        offsets[_SLOTS],
        size,
        hashlib.pbkdf2_hmac("sha256", master, salt, _ROUNDS, 20),
        salt,
        _ROUNDS,
        chance.uuid().encode(),
    )
    lock = hashlib.pbkdf2_hmac("sha256", password, slot_salt, _ROUNDS, size)
    whole = bytearray(offsets[_SLOTS] * _SECTOR)
    whole[: len(header) + len(slots)] = header + slots
    locked = _encrypted(_split(master, chance), lock)
    whole[_ALIGNED : _ALIGNED + len(locked)] = locked
    return bytes(whole)


def _split(key: bytes, chance: Chance) -> bytes:
    """The key spread so that all of it is lost with any part of it."""
    size = len(key)
    noise = chance.token_bytes(size * (_STRIPES - 1))
    mixed = 0
    for at in range(0, len(noise), size):
        mixed ^= int.from_bytes(noise[at : at + size], "big")
        mixed = int.from_bytes(_diffused(mixed.to_bytes(size, "big")), "big")
    return noise + (mixed ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def _diffused(data: bytes) -> bytes:
    blocks = (data[at : at + 32] for at in range(0, len(data), 32))
    return b"".join(
        hashlib.sha256(struct.pack(">I", number) + block).digest()[: len(block)]
        for number, block in enumerate(blocks)
    )


def _encrypted(data: bytes, key: bytes) -> bytes:
    data = data.ljust(-(-len(data) // _SECTOR) * _SECTOR, b"\0")
    algorithm = algorithms.AES(key)
    found = bytearray()
    for number in range(len(data) // _SECTOR):
        sector = data[number * _SECTOR : (number + 1) * _SECTOR]
        mode = modes.XTS(number.to_bytes(16, "little"))
        found += Cipher(algorithm, mode).encryptor().update(sector)
    return bytes(found)

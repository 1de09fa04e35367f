"""What is read of Ceph's files and commands, without a Ceph."""

from __future__ import annotations

import asyncio
import struct

import pytest

from unkai.block_storage.drivers.ceph import monitors
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.block_storage.drivers.rbd import chunks_of, pairs_of
from unkai.kit.errors import Failed

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("mon host = [v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0]", ["10.0.0.1:3300"]),
        ("mon_host = [v1:10.0.0.1:6789/0],[v2:10.0.0.2:3300]", ["10.0.0.1:6789", "10.0.0.2:3300"]),
        ("  mon host = 10.0.0.1, mon.example:6789", ["10.0.0.1:3300", "mon.example:6789"]),
        ("mon host = [v2:[fd00::1]:3300/0,v1:[fd00::1]:6789/0]", ["[fd00::1]:3300"]),
        ("mon host = [fd00::2]:3301", ["[fd00::2]:3301"]),
    ],
)
def test_monitors_of_a_ceph_conf(said: str, found: list[str]) -> None:
    assert monitors(f"[global]\nfsid = 1\n{said}\n[client]\n") == found


def test_a_ceph_conf_without_monitors_is_named() -> None:
    with pytest.raises(Failed):
        monitors("[global]\nfsid = 1\n")


def test_pairs_of_an_object() -> None:
    said = (
        b"s:one\nvalue (5 bytes) :\n00000000  75 6e 6b 61 69                                    "
        b"|unkai|\n00000005\n\n"
        b"v:two\nvalue (18 bytes) :\n"
        b"00000000  61 61 61 61 61 61 61 61  61 61 61 61 61 61 61 61  |aaaaaaaaaaaaaaaa|\n"
        b"00000010  62 62                                             |bb|\n00000012\n\n"
    )
    assert pairs_of(said) == {"s:one": "unkai", "v:two": "a" * 16 + "bb"}
    assert pairs_of(b"") == {}


async def test_a_diff_becomes_whole_chunks() -> None:
    """Parts that cross from one chunk into the next, zeros, and what is not told of at all."""

    def part(offset: int, data: bytes) -> bytes:
        return b"w" + struct.pack("<QQ", offset, len(data)) + data

    stream = asyncio.StreamReader()
    stream.feed_data(b"rbd diff v1\nt" + struct.pack("<I", 1) + b"x")
    stream.feed_data(b"s" + struct.pack("<Q", 3 * CHUNK_BYTES + 512))
    stream.feed_data(part(CHUNK_BYTES - 4, b"abcdefgh"))
    stream.feed_data(b"z" + struct.pack("<QQ", 2 * CHUNK_BYTES, CHUNK_BYTES))
    stream.feed_data(part(2 * CHUNK_BYTES, bytes(8)))
    stream.feed_data(part(3 * CHUNK_BYTES, b"z") + b"e")
    stream.feed_eof()

    found = [one async for one in chunks_of(stream, 3 * CHUNK_BYTES + 512)]

    assert [(at, len(data), data.strip(b"\0")) for at, data in found] == [
        (0, CHUNK_BYTES, b"abcd"),
        (CHUNK_BYTES, CHUNK_BYTES, b"efgh"),
        (3 * CHUNK_BYTES, 512, b"z"),
    ]

"""An agent's logs as readable text: it sends a tar archive, compressed, in base64.

It comes from a machine that has failed, so it is believed in nothing: what it unpacks to is bounded
before it is unpacked, and nothing of it touches a file by a name of its own.
"""

from __future__ import annotations

import base64
import binascii
import io
import tarfile
import zlib
from typing import Final

UNPACKED_MOST: Final = 16 << 20
MEMBERS_MOST: Final = 100
GZIP: Final = 31
"""zlib's window bits for a gzip header."""


def readable(system_logs: str, most_bytes: int) -> bytes:
    """The members of the archive one after the other, each under its name; text as it is."""
    try:
        packed = base64.b64decode(system_logs, validate=True)
        unpacked = zlib.decompressobj(GZIP).decompress(packed, UNPACKED_MOST)
    except (binascii.Error, ValueError, zlib.error):
        return system_logs.encode()[-most_bytes:]
    try:
        return _members(unpacked, most_bytes)
    except tarfile.TarError:
        return unpacked[-most_bytes:]


def _members(unpacked: bytes, most_bytes: int) -> bytes:
    text = bytearray()
    with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
        for _ in range(MEMBERS_MOST):
            try:
                member = archive.next()
            except tarfile.ReadError:  # it was cut
                break
            if member is None or len(text) >= most_bytes:
                break
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                name = member.name[:100].encode("ascii", "replace")
                said = file.read(most_bytes)
                text += b"==> " + name + b" <==\n" + said[-most_bytes // 2 :] + b"\n"
    return bytes(text[:most_bytes])

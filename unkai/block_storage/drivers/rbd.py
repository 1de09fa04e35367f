"""Ceph's own commands, `rbd` and `rados`, as the driver needs them.

A command takes some 40 ms and a process of its own, which can be given a deadline and ended: the
libraries behind it (librados, librbd) block their thread for as long as a cluster does not answer,
and are there for the system's Python alone. See docs/decisions/0011-ceph-by-its-commands.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import re
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unkai.block_storage.drivers.base import Extent, store_full
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.kit.errors import Failed, Unavailable
from unkai.kit.log import log

ANSWER_S, COPY_S = 120.0, 6 * 3600.0
_MOUNT_S = 20
_DUMP = re.compile(rb"^[0-9a-f]{8}  ((?:[0-9a-f]{2} {1,2})+) *\|")
_MAGIC, _END, _PART, _ZEROS, _SIZE = b"rbd diff v1\n", b"e", b"w", b"z", b"s"
_NO_OBJECT = re.compile(rb"^error (?:getting|removing) omap .*: \(2\) ", re.MULTILINE)
_CLOSED = b"failed to fetch mon config"
_NUMBER = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Access:
    """user: without "client."; conf and keyring: files that Ceph's own programs read."""

    pool: str
    user: str
    conf: Path
    keyring: Path


class Rbd:
    """Images of one pool. Where a verb says so, what is so already is fine."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.on_change: Callable[[], None] | None = None
        """Called before every command, for tests that crash there."""

    def spec(self, image: str, snapshot: str | None = None) -> str:
        return f"{self.access.pool}/{image}" + (f"@{snapshot}" if snapshot else "")

    async def create(self, image: str, size: int) -> None:
        """One that is there already is fine."""
        await self._rbd("create", "--size", f"{size}B", self.spec(image), fine={errno.EEXIST})

    async def clone(self, image: str, snapshot: str, new: str) -> None:
        """One that is there already is fine."""
        words = ("--rbd-default-clone-format", "2", "clone", self.spec(image, snapshot))
        await self._rbd(*words, self.spec(new), fine={errno.EEXIST})

    async def resize(self, image: str, size: int) -> None:
        words = ("resize", "--no-progress", "--size", f"{size}B", self.spec(image))
        await self._rbd(*words, limit_s=COPY_S)

    async def rename(self, image: str, new: str) -> bool:
        """False where it is not there."""
        words = ("rename", self.spec(image), self.spec(new))
        return (await self._rbd(*words, fine={errno.ENOENT}))[0] == 0

    async def snap(self, image: str, snapshot: str) -> None:
        """One that is there already is fine."""
        words = ("snap", "create", "--no-progress", self.spec(image, snapshot))
        await self._rbd(*words, fine={errno.EEXIST})

    async def unsnap(self, image: str, snapshot: str) -> None:
        """Unknown is fine; what was cloned of it stays whole."""
        words = ("snap", "rm", "--no-progress", self.spec(image, snapshot))
        await self._rbd(*words, fine={errno.ENOENT})

    async def rename_snap(self, image: str, snapshot: str, new: str) -> None:
        """Unknown is fine."""
        words = ("snap", "rename", self.spec(image, snapshot), self.spec(image, new))
        await self._rbd(*words, fine={errno.ENOENT})

    async def remove(self, image: str) -> bool:
        """Whether it is gone: it stays as long as clones stand on it. Unavailable while open."""
        words = ("rm", "--no-progress", self.spec(image))
        fine = {errno.ENOENT, errno.ENOTEMPTY}
        return (await self._rbd(*words, fine=fine, limit_s=COPY_S))[0] != errno.ENOTEMPTY

    async def info(self, image: str) -> dict[str, Any] | None:
        words = ("info", "--format", "json", self.spec(image))
        code, said = await self._rbd(*words, fine={errno.ENOENT})
        return None if code else json.loads(said)

    async def children(self, image: str) -> list[Any]:
        words = ("children", "--all", "--format", "json", self.spec(image))
        code, said = await self._rbd(*words, fine={errno.ENOENT})
        return [] if code or not said.strip() else json.loads(said)

    async def names(self) -> list[str]:
        _, said = await self._rbd("ls", "--format", "json", self.access.pool)
        return json.loads(said)

    async def bring(self, path: Path, image: str) -> None:
        words = ("import", "--no-progress", str(path), self.spec(image))
        await self._rbd(*words, limit_s=COPY_S)

    async def export(self, image: str, snapshot: str | None, path: Path) -> None:
        words = ("export", "--no-progress", self.spec(image, snapshot), str(path))
        await self._rbd(*words, limit_s=COPY_S)

    async def write(self, image: str, size: int, extents: AsyncIterator[Extent]) -> None:
        """Into an image that is there."""
        words = self._words("rbd", "import-diff", "--no-progress", "-", self.spec(image))
        async with _process(words, entered=True) as process:
            assert process.stdin is not None
            with contextlib.suppress(ConnectionError):  # its status says why
                process.stdin.write(_MAGIC + _SIZE + _NUMBER.pack(size))
                async for offset, chunk in extents:
                    data = chunk[: max(0, size - offset)]
                    process.stdin.write(_PART + _NUMBER.pack(offset) + _NUMBER.pack(len(data)))
                    process.stdin.write(data)
                    await process.stdin.drain()
                process.stdin.write(_END)
                await process.stdin.drain()
            process.stdin.close()
            _, said = await process.communicate()
            _check("import-diff", process.returncode, said, set())

    async def extents(self, image: str, snapshot: str | None, size: int) -> AsyncIterator[Extent]:
        words = self._words("rbd", "export-diff", "--no-progress", self.spec(image, snapshot), "-")
        async with _process(words) as process:
            assert process.stdout is not None
            async for chunk in chunks_of(process.stdout, size):
                yield chunk
            _, said = await process.communicate()
            _check("export-diff", process.returncode, said, set())

    # --- an object of pairs, beside the images

    async def put(self, table: str, key: str, value: str) -> None:
        await self._rados("setomapval", table, key, value)

    async def get(self, table: str, key: str) -> str | None:
        said = await self._rados("getomapval", table, key)
        return None if said is None else pairs_of(b"key\n" + said).get("key")

    async def drop(self, table: str, key: str) -> None:
        """Unknown is fine."""
        await self._rados("rmomapkey", table, key)

    async def pairs(self, table: str) -> dict[str, str]:
        """All of them; none where nothing was ever put."""
        said = await self._rados("listomapvals", table)
        return {} if said is None else pairs_of(said)

    async def space(self) -> tuple[int, int]:
        """Bytes in all, and free; zeros where nobody counts them (a cluster without a manager)."""
        said = await self._rados("df", "--format", "json")
        found = json.loads(said or b"{}")
        return int(found["total_space"]) * 1024, int(found["total_avail"]) * 1024

    async def _rbd(
        self, *words: str, fine: Collection[int] = (), limit_s: float = ANSWER_S
    ) -> tuple[int, bytes]:
        return await _run(self._words("rbd", *words), fine, limit_s)

    async def _rados(self, *words: str) -> bytes | None:
        """None where the object or the key is not there.

        The status is 1 for that and for everything else, and a cluster that does not let us in must
        never look like an empty one: so its words count.
        """
        given = self._words("rados", "--pool", self.access.pool, *words)
        code, told, said = await _outcome(given, ANSWER_S)
        if code == 1 and (told.startswith(b"No such key") or _NO_OBJECT.search(said)):
            return None
        _check(words[0], code, said, ())
        return told

    def _words(self, program: str, *words: str) -> tuple[str, ...]:
        if self.on_change is not None:
            self.on_change()
        access = self.access
        who = ("--id", access.user, "--keyring", str(access.keyring))
        patience = ("--client-mount-timeout", str(_MOUNT_S))
        return (program, "--conf", str(access.conf), *who, *patience, *words)


async def _run(words: tuple[str, ...], fine: Collection[int], limit_s: float) -> tuple[int, bytes]:
    """Status and output of a command that ends with 0 or one of these."""
    code, told, said = await _outcome(words, limit_s)
    _check(words[-2], code, said, fine)
    return code, told


async def _outcome(words: tuple[str, ...], limit_s: float) -> tuple[int, bytes, bytes]:
    async with _process(words) as process:
        try:
            async with asyncio.timeout(limit_s):
                told, said = await process.communicate()
        except TimeoutError as error:
            raise _away() from error
    return process.returncode or 0, told, said


@contextlib.asynccontextmanager
async def _process(
    words: tuple[str, ...], *, entered: bool = False
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """It does not outlive the block."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *words, stdin=pipe if entered else nothing, stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _check(verb: str, code: int | None, said: bytes, fine: Collection[int]) -> None:
    if not code or code in fine:
        return
    log.warning("ceph refused", verb=verb, status=code, said=said.decode(errors="replace")[-500:])
    if code in (errno.ENOSPC, errno.EDQUOT):
        raise store_full()
    if code == errno.EBUSY:
        raise Unavailable("The volume's image is still open somewhere.", code="volume-busy")
    if code in (errno.ETIMEDOUT, errno.ENOTCONN) or _CLOSED in said:
        raise _away()
    raise Failed(
        f"Ceph refused the work on the volume's data (status {code}).",
        code="ceph-failed",
        remedy="The log of Unkai has what it said.",
    )


def _away() -> Unavailable:
    return Unavailable(
        "The Ceph cluster does not answer, or does not let Unkai in.",
        code="ceph-away",
        remedy="Look at the cluster, and at the pool, user and keyring of the settings.",
    )


def pairs_of(said: bytes) -> dict[str, str]:
    """Of `listomapvals`: a key, the length of its value, a hexadecimal dump of it, a blank line."""
    found: dict[str, str] = {}
    key, value = "", b""
    for line in said.splitlines():
        dumped = _DUMP.match(line)
        if dumped:
            value += bytes.fromhex(dumped[1].decode())
        elif not line:
            found[key], key, value = value.decode(), "", b""
        elif not key:
            key = line.decode()
    return {key: value for key, value in found.items() if key}


async def chunks_of(stream: asyncio.StreamReader, size: int) -> AsyncIterator[Extent]:
    """A diff against nothing as whole chunks, without those of zeros."""
    at, chunk = 0, bytearray()
    async for offset, data in _pieces(stream):
        first = offset - offset % CHUNK_BYTES
        if first != at or not chunk:
            if chunk != bytearray(len(chunk)):
                yield at, bytes(chunk)
            at, chunk = first, bytearray(min(CHUNK_BYTES, size - first))
        chunk[offset - first : offset - first + len(data)] = data
    if chunk != bytearray(len(chunk)):
        yield at, bytes(chunk)


async def _pieces(stream: asyncio.StreamReader) -> AsyncIterator[Extent]:
    """None of them crosses from one chunk into the next."""
    async for offset, data in _parts(stream):
        done = 0
        while done < len(data):
            room = CHUNK_BYTES - (offset + done) % CHUNK_BYTES
            yield offset + done, data[done : done + room]
            done += room


async def _parts(stream: asyncio.StreamReader) -> AsyncIterator[Extent]:
    try:
        assert await stream.readexactly(len(_MAGIC)) == _MAGIC
        while (tag := await stream.readexactly(1)) != _END:
            if tag == _PART:
                offset, length = await _number(stream), await _number(stream)
                while length:
                    data = await stream.readexactly(min(length, CHUNK_BYTES))
                    yield offset, data
                    offset, length = offset + len(data), length - len(data)
            elif tag == _ZEROS:
                await stream.readexactly(2 * _NUMBER.size)
            elif tag == _SIZE:
                await stream.readexactly(_NUMBER.size)
            else:  # the name of a snapshot
                length = int.from_bytes(await stream.readexactly(4), "little")
                await stream.readexactly(length)
    except asyncio.IncompleteReadError:
        return  # its status says why


async def _number(stream: asyncio.StreamReader) -> int:
    return int(_NUMBER.unpack(await stream.readexactly(_NUMBER.size))[0])

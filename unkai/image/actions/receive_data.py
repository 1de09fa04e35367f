"""Data on its way in: counted, written and hashed, block by block, in two threads.

While the threads work on one block the loop gathers the next, so two blocks are all the memory an
upload takes. hashlib lets go of the interpreter, so the three hashes use two cores; the lanes are
about equally long. A thread for each hash was no faster: a hop costs as much as hashing 64 KiB.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

from unkai.image.drivers.base import BLOCK_BYTES, Incoming
from unkai.image.model import Digests
from unkai.kit.errors import BadRequest, TooLarge

IDLE_S = 60.0
"""An upload that sends nothing for so long is over."""

Chunks = AsyncIterator[bytes]


class Receiver:
    """One upload's writing and hashing."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._chunks: list[bytes] = []
        self._gathered = 0
        self._work: asyncio.Future[None] | None = None
        self.size = 0

    async def take(self, chunk: bytes) -> bool:
        """Whether a block is full and was handed on."""
        self._chunks.append(chunk)
        self._gathered += len(chunk)
        self.size += len(chunk)
        if self._gathered < BLOCK_BYTES:
            return False
        await self._hand_on()
        return True

    async def finish(self) -> Digests:
        await self._hand_on()
        await self.settle()
        return Digests(
            self.size, self._md5.hexdigest(), self._sha256.hexdigest(), self._sha512.hexdigest()
        )

    async def settle(self) -> None:
        """Return once no thread works for this upload, even if the caller is cancelled."""
        work, self._work = self._work, None
        if work is not None:
            await asyncio.shield(work)

    async def _hand_on(self) -> None:
        await self.settle()
        if self._gathered:
            block = b"".join(self._chunks)
            self._chunks.clear()
            self._gathered = 0
            self._work = asyncio.ensure_future(self._digest(block))

    async def _digest(self, block: bytes) -> None:
        results = await asyncio.gather(
            asyncio.to_thread(self._write_and_sha512, block),
            asyncio.to_thread(self._md5_and_sha256, block),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _write_and_sha512(self, block: bytes) -> None:
        self._incoming.write(block)
        self._sha512.update(block)

    def _md5_and_sha256(self, block: bytes) -> None:
        self._md5.update(block)
        self._sha256.update(block)


async def receive(
    incoming: Incoming,
    chunks: Chunks,
    *,
    limit_bytes: int,
    expected_bytes: int | None,
    beat: Callable[[], Awaitable[None]],
) -> Digests:
    """Everything that comes, until it ends; `beat` is called for each full block.

    Raises TooLarge past the limit or when the disk is full, BadRequest if the size is not the one
    announced or nothing comes any more. No thread works on `incoming` once this has returned.
    """
    receiver = Receiver(incoming)
    try:
        while (chunk := await _next(chunks)) is not None:
            if receiver.size + len(chunk) > limit_bytes:
                raise too_large(limit_bytes)
            if await receiver.take(chunk):
                await beat()
        digests = await receiver.finish()
    finally:
        await receiver.settle()
    if expected_bytes is not None and digests.size != expected_bytes:
        raise BadRequest(
            f"The data has {digests.size} bytes, but {expected_bytes} were announced.",
            code="image-size-mismatch",
        )
    return digests


def too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(
        f"The image is larger than the {limit_bytes >> 20} MiB that this cloud takes.",
        code="image-too-large",
    )


async def _next(chunks: Chunks) -> bytes | None:
    try:
        async with asyncio.timeout(IDLE_S):
            return await anext(chunks, None)
    except TimeoutError as error:
        raise BadRequest(
            f"No data came for {IDLE_S:.0f} seconds; the upload is over.", code="upload-stalled"
        ) from error

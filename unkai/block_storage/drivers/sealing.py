"""Files of encrypted contents: made of a chain of layers, carried elsewhere, and taken back.

Such a file is a qcow2 with nothing below. What of it is no hole is encrypted (LUKS), so that its
bytes may lie anywhere; its holes tell which parts were never written to.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from unkai.block_storage.connection import Layer
from unkai.block_storage.drivers import qemu_img
from unkai.block_storage.drivers.base import Encryption, Sealed, store_full
from unkai.block_storage.drivers.contents import FileContents, write_extents
from unkai.block_storage.drivers.layers import LayerInfo
from unkai.block_storage.drivers.locks import Locks
from unkai.kit.qcow2 import write_empty

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def room() -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise store_full() from error
        raise


async def fill(
    locks: Locks,
    made: Path,
    size: int,
    encryption: Encryption | None,
    contents: tuple[Layer, ...] = (),
    *,
    key: Encryption | None = None,
) -> LayerInfo:
    """A new qcow2 with these contents. key: of what is encrypted, old or new."""
    header = await locks.header(encryption)
    with room():
        await asyncio.to_thread(write_empty, made, size, None, header)
    if contents:
        new = Layer(path=str(made), format="qcow2", encrypted=encryption is not None)
        await qemu_img.copy_into(contents, new, await locks.key(key))
    return LayerInfo(format="qcow2", size=size, encryption=encryption)


@asynccontextmanager
async def sealed(
    locks: Locks, beside: Path, size: int, encryption: Encryption, contents: tuple[Layer, ...]
) -> AsyncGenerator[FileContents]:
    """Its bytes, for as long as they are read."""
    made = beside.with_suffix(".sealed")
    try:
        await fill(locks, made, size, encryption, contents, key=encryption)
        length = (await asyncio.to_thread(made.stat)).st_size
        yield FileContents((Layer(path=str(made), format="raw"),), length, beside)
    finally:
        await asyncio.to_thread(made.unlink, missing_ok=True)


async def take(
    locks: Locks, made: Path, size: int, given: Sealed, encryption: Encryption
) -> LayerInfo:
    """The file again, of its own size or a larger one. Failed where the key does not open it."""
    with room():
        await write_extents(made, given.length, given.extents)
    layer = Layer(path=str(made), format="qcow2", encrypted=True)
    await qemu_img.resize(layer, size, await locks.key(encryption))
    return LayerInfo(format="qcow2", size=size, encryption=encryption)

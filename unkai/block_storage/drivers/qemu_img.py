"""qemu-img, told everything: which layers, of which formats. It opens no name from inside a file.

What a tenant's QEMU wrote is read here, so memory and time are bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

from unkai.block_storage.connection import Layer
from unkai.kit.errors import Failed
from unkai.kit.log import log
from unkai.kit.secret import Secret

DATA_FILE = 4
"""The incompatible feature of a qcow2 whose clusters lie in a file that its header names."""
MEMORY_BYTES = 1 << 30
TIMEOUT_S = 3600.0
_KEY = "key"


def opened(layers: tuple[Layer, ...]) -> str:
    """A chain as one name: the first on top, each as its format, the last above nothing."""
    node: dict[str, Any] | None = None
    for layer in reversed(layers):
        file = {"driver": "file", "filename": layer.path}
        above: dict[str, Any] = {"driver": layer.format, "file": file}
        if layer.format == "qcow2":
            above["backing"] = node
        if layer.encrypted:
            above["encrypt"] = {"format": "luks", "key-secret": _KEY}
        node = above
    return "json:" + json.dumps(node)


def check(layers: tuple[Layer, ...]) -> None:
    """Failed("layer-damaged") where a header names a file to be opened, as none of ours does."""
    for layer in layers:
        if layer.format != "qcow2":
            continue
        with Path(layer.path).open("rb") as file:
            head = file.read(80)
        features = int.from_bytes(head[72:80], "big") if head[4:8] != b"\0\0\0\2" else 0
        if features & DATA_FILE:
            raise Failed(f"{Path(layer.path).name} names another file.", code="layer-damaged")


async def resize(layer: Layer, size: int, key: Secret | None = None) -> None:
    """The top alone: what is below it is not opened."""
    check((layer,))
    with _handed(key) as (fds, said):
        await _run("resize", *said, "-q", opened((layer,)), str(size), fds=fds)


async def convert(layers: tuple[Layer, ...], target: Path, disk_format: str) -> None:
    """The contents as one file; holes stay holes."""
    check(layers)
    await _run("convert", "-q", "-O", disk_format, opened(layers), str(target))


async def copy_into(layers: tuple[Layer, ...], target: Layer, key: Secret | None) -> None:
    """The contents into an empty qcow2 that is there and at least as large; holes stay holes.

    key: of all that is encrypted among them.
    """
    check(layers)
    into = f"driver={target.format},file.driver=file,file.filename={_escaped(target.path)}"
    if target.encrypted:
        into += f",encrypt.format=luks,encrypt.key-secret={_KEY}"
    with _handed(key) as (fds, said):
        words = ("-n", "--target-is-zero", "--target-image-opts", opened(layers), into)
        await _run("convert", *said, "-q", *words, fds=fds)


async def commit(layers: tuple[Layer, ...], key: Secret | None) -> None:
    """What the first has, into the second too; the first stays as it is."""
    check(layers)
    with _handed(key) as (fds, said):
        await _run("commit", *said, "-q", "-d", opened(layers), fds=fds)


@contextlib.contextmanager
def _handed(key: Secret | None) -> Generator[tuple[tuple[int, ...], tuple[str, ...]]]:
    """The key as a file without a name, which the process is given open."""
    if key is None:
        yield (), ()
        return
    fd = os.memfd_create("key", os.MFD_CLOEXEC)
    try:
        os.write(fd, key.value.encode())
        yield (fd,), ("--object", f"secret,id={_KEY},format=base64,file=/proc/self/fd/{fd}")
    finally:
        os.close(fd)


def _escaped(value: str) -> str:
    """QEMU reads a doubled comma as a comma of the value."""
    return value.replace(",", ",,")


async def _run(*words: str, fds: tuple[int, ...] = ()) -> None:
    process = await asyncio.create_subprocess_exec(
        *("env", "MALLOC_ARENA_MAX=1"),  # each of its threads would reserve 128 MiB
        *("prlimit", f"--as={MEMORY_BYTES}", f"--cpu={int(TIMEOUT_S)}", "--core=0"),
        *("qemu-img", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=fds,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        log.warning("qemu-img failed", verb=words[0], said=said.decode(errors="replace")[-500:])
        full = b"No space left" in said
        raise Failed(
            "There is no room for the volume's data." if full else f"qemu-img {words[0]} failed.",
            code="volume-store-full" if full else "qemu-img-failed",
            remedy="The log of Unkai has what it said.",
        )

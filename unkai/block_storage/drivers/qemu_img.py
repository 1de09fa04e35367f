"""qemu-img, told everything: which layers, of which formats. It opens no name from inside a file.

What a tenant's QEMU wrote is read here, so memory and time are bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

from unkai.block_storage.connection import Layer
from unkai.kit.errors import Failed
from unkai.kit.log import log

MEMORY_BYTES = 1 << 30
TIMEOUT_S = 3600.0


def opened(layers: tuple[Layer, ...]) -> str:
    """A chain as one name: the first on top, each as its format, the last above nothing."""
    node: dict[str, Any] | None = None
    for layer in reversed(layers):
        file = {"driver": "file", "filename": layer.path}
        above: dict[str, Any] = {"driver": layer.format, "file": file}
        if layer.format == "qcow2":
            above["backing"] = node
        node = above
    return "json:" + json.dumps(node)


async def resize(layer: Layer, size: int) -> None:
    """The top alone: what is below it is not opened."""
    await _run("resize", "-q", opened((layer,)), str(size))


async def convert(layers: tuple[Layer, ...], target: Path, disk_format: str) -> None:
    """The contents as one file; holes stay holes."""
    await _run("convert", "-q", "-O", disk_format, opened(layers), str(target))


async def _run(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("env", "MALLOC_ARENA_MAX=1"),  # each of its threads would reserve 128 MiB
        *("prlimit", f"--as={MEMORY_BYTES}", f"--cpu={int(TIMEOUT_S)}", "--core=0"),
        *("qemu-img", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
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

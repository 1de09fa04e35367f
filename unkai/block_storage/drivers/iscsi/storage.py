"""A volume's layers as one raw file: `qemu-storage-daemon` with an export by FUSE.

The chain is spelled out as for a guest, so that no name and no format inside a file is believed. A
layer's node is named by its place from the bottom: one that comes on top renames none.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from unkai.block_storage.connection import Layer
from unkai.kit.errors import Failed

Ask = Callable[..., Awaitable[Any]]
_EXPORT: Final = "disk"
_LIMIT_S: Final = 30.0


def command(
    layers: tuple[Layer, ...], folder: Path, mountpoint: Path, *, read_only: bool
) -> list[str]:
    """Ready when it has gone to the background."""
    export = {
        "type": "fuse",
        "id": _EXPORT,
        "node-name": node_name(len(layers) - 1),
        "mountpoint": str(mountpoint),
        "writable": not read_only,
        "growable": False,
        "allow-other": "off",
    }
    socket = f"socket,id=monitor,path={folder}/storage.sock,server=on,wait=off"
    return [
        *("qemu-storage-daemon", "--daemonize", "--pidfile", f"{folder}/storage.pid"),
        *("--chardev", socket, "--monitor", "chardev=monitor"),
        *("--blockdev", json.dumps(_chain(layers, read_only=read_only))),
        *("--export", json.dumps(export)),
    ]


def node_name(from_bottom: int) -> str:
    return f"layer-{from_bottom}"


def _chain(layers: tuple[Layer, ...], *, read_only: bool) -> dict[str, Any]:
    below: dict[str, Any] | None = None
    for number, layer in enumerate(reversed(layers)):
        top = number == len(layers) - 1
        node = _node(layer, number, read_only=read_only or not top)
        if below is not None:
            node["backing"] = below
        below = node
    assert below is not None
    return below


def _node(layer: Layer, from_bottom: int, *, read_only: bool) -> dict[str, Any]:
    """The layer alone, with nothing below."""
    shared: dict[str, Any] = {
        "read-only": read_only,
        "discard": "unmap",
        "cache": {"direct": _goes_direct(layer.path), "no-flush": False},
    }
    file = {"driver": "file", "filename": layer.path, **shared}
    name = node_name(from_bottom)
    node: dict[str, Any] = {"driver": layer.format, "node-name": name, "file": file, **shared}
    if layer.format == "qcow2":
        node["backing"] = None
    return node


def _goes_direct(path: str) -> bool:
    """Some file systems (tmpfs) have no way past the host's memory."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECT)
    except OSError:
        return False
    try:
        return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT)
    finally:
        os.close(fd)


async def switch(folder: Path, layers: tuple[Layer, ...]) -> None:
    """Write into the first of these from now on; the others are open already. Idempotent."""
    top = node_name(len(layers) - 1)
    async with _monitor(folder) as ask:
        (export,) = await ask("query-block-exports")
        if export["node-name"] == top:
            return
        known = {one["node-name"] for one in await ask("query-named-block-nodes", flat=True)}
        if top not in known:
            node = _node(layers[0], len(layers) - 1, read_only=False)
            await ask("blockdev-add", **node)
        await ask("blockdev-snapshot", node=export["node-name"], overlay=top)


async def grow(folder: Path, size: int) -> None:
    """Never smaller. Idempotent."""
    async with _monitor(folder) as ask:
        (export,) = await ask("query-block-exports")
        nodes = await ask("query-named-block-nodes", flat=True)
        top = next(one for one in nodes if one["node-name"] == export["node-name"])
        if top["image"]["virtual-size"] < size:
            await ask("block_resize", **{"node-name": export["node-name"], "size": size})


@asynccontextmanager
async def _monitor(folder: Path) -> AsyncGenerator[Ask]:
    """One conversation. Failed (code "export-silent", or "export-refused" with QEMU's words)."""
    from qemu.qmp import ExecuteError, QMPClient, QMPError

    client = QMPClient("export")

    async def ask(verb: str, **arguments: Any) -> Any:
        try:
            async with asyncio.timeout(_LIMIT_S):
                return await client.execute(verb, arguments or None)
        except ExecuteError as error:
            raise Failed(f"QEMU refused {verb}: {error}.", code="export-refused") from error
        except (QMPError, OSError, TimeoutError) as error:
            raise Failed("The storage daemon is silent.", code="export-silent") from error

    try:
        async with asyncio.timeout(_LIMIT_S):
            await client.connect(str(folder / "storage.sock"))
    except (QMPError, OSError, TimeoutError) as error:
        raise Failed("The storage daemon is silent.", code="export-silent") from error
    try:
        yield ask
    finally:
        with contextlib.suppress(QMPError, OSError, EOFError):
            await client.disconnect()

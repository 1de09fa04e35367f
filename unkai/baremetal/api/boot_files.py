"""What machines ask for on their provisioning networks.

Scripts, kernels, images, and the agent's few routes of the API. Nothing here asks for a token: what
is secret has a path that is.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from unkai.baremetal.drivers.boot import scripts
from unkai.baremetal.drivers.boot.files import BootFiles, is_url
from unkai.baremetal.drivers.boot.published import PublishedFiles
from unkai.baremetal.drivers.provisioning.base import Recorder, Sighting
from unkai.baremetal.drivers.provisioning.dnsmasq_config import UEFI_LOADER
from unkai.kit.clock import Clock
from unkai.timeline.model import HTTP

CHUNK_BYTES: Final = 1 << 20
AGENT_ROUTES: Final = ("/v1/lookup", "/v1/continue_inspection")
HEARTBEAT: Final = "/v1/heartbeat/"
ROOTS: Final = ("/", "/v1", "/v1/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where the files are. discovery: the arguments an unknown machine's ramdisk gets, or None."""

    files: BootFiles
    published: PublishedFiles
    ramdisk: Path
    loaders: Path
    discovery: tuple[str, ...] | None = None


class BootApp:
    """api: the whole API, whose bare-metal part is below `prefix`."""

    def __init__(
        self, shelf: Shelf, api: ASGIApp, clock: Clock, recorder: Recorder, prefix: str
    ) -> None:
        self._shelf = shelf
        self._api = api
        self._clock = clock
        self._recorder = recorder
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path in ROOTS or path in AGENT_ROUTES or path.startswith(HEARTBEAT):
            inner = self._prefix + path
            await self._api({**scope, "path": inner, "raw_path": inner.encode()}, receive, send)
            return
        response = await self._respond(Request(scope))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET and HEAD.\n", status_code=405)
        path: str = request.scope["path"]
        match path.split("/")[1:]:
            case ["boot.ipxe"]:
                return self._script(request)
            case ["nodes", node_id, ("kernel" | "initramfs") as name]:
                entry = self._shelf.files.of_node(node_id)
                source = getattr(entry, name) if entry else ""
                if source and not is_url(source):
                    return await self._file(request, Path(source), name, node_id)
            case ["ramdisk", ("kernel" | "initramfs") as name] if self._shelf.discovery is not None:
                return await self._file(request, self._shelf.ramdisk / name, name, "")
            case ["loader", name] if name == UEFI_LOADER:
                return await self._file(request, self._shelf.loaders / name, name, "")
            case ["files", secret, _] if (found := self._shelf.published.find(secret)) is not None:
                return await self._file(request, Path(found.path), found.name, found.node_id)
            case _:
                pass
        return PlainTextResponse("There is no such file.\n", status_code=404)

    def _script(self, request: Request) -> Response:
        mac = request.query_params.get("mac", "").lower()
        url = own_url(request)
        entry = self._shelf.files.of_mac(mac)
        node_id = entry.node_id if entry else ""
        if entry is not None:
            text, what = scripts.boot_ramdisk(entry, url), f"script to boot for {entry.mode}"
        elif self._shelf.discovery is not None:
            text = scripts.boot_discovery(url, self._shelf.discovery)
            what = "script to inspect an unknown machine"
        else:
            text, what = scripts.boot_disk("nothing is to be done here"), "script to boot from disk"
        now = self._clock.now()
        self._recorder(
            Sighting(
                participant=HTTP,
                action=what,
                at=now,
                ended_at=now,
                detail=f"{len(text)} bytes",
                mac=mac,
                node_id=node_id,
            )
        )
        return PlainTextResponse(text)

    async def _file(self, request: Request, path: Path, name: str, node_id: str) -> Response:
        try:
            descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return PlainTextResponse(f"{name} is gone.\n", status_code=404)
        size = os.fstat(descriptor).st_size
        first = _first_byte(request, size)
        headers = {"content-length": str(size - first), "content-type": "application/octet-stream"}
        if request.method == "HEAD":
            os.close(descriptor)
            return Response(headers=headers)
        status = 206 if first else 200
        if first:
            headers["content-range"] = f"bytes {first}-{size - 1}/{size}"
        mac = request.query_params.get("mac", "").lower()
        whose = {"node_id": node_id} if node_id else {"mac": mac[:17]}
        sending = self._send(descriptor, size, name, whose, first)
        return StreamingResponse(sending, status_code=status, headers=headers)

    async def _send(
        self, descriptor: int, size: int, name: str, whose: dict[str, str], sent: int
    ) -> AsyncIterator[bytes]:
        """From byte `sent` on. whose: the machine, as a Sighting names it."""
        started_at = self._clock.now()
        try:
            while sent < size:
                block = await asyncio.to_thread(os.pread, descriptor, CHUNK_BYTES, sent)
                if not block:
                    break
                sent += len(block)
                yield block
        finally:
            os.close(descriptor)
            now = self._clock.now()
            seconds = now - started_at
            self._recorder(
                Sighting(
                    participant=HTTP,
                    action=f"GET {name}",
                    at=started_at,
                    ended_at=now,
                    ok=sent == size,
                    detail=f"{sent} of {size} bytes in {seconds:.1f} s",
                    **whose,
                )
            )


def _first_byte(request: Request, size: int) -> int:
    """Where the rest begins that is asked for; any other kind of range gets the whole."""
    asked = re.fullmatch(r"bytes=(\d{1,18})-", request.headers.get("range", ""))
    first = int(asked[1]) if asked else 0
    return first if first < size and request.method == "GET" else 0


def own_url(request: Request) -> str:
    """The address the machine reached us at."""
    host, port = request.scope["server"]
    return f"http://{host}" if port in (80, None) else f"http://{host}:{port}"

"""The agents that the suite runs on, each with a world around it that can be disturbed."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.fake import FakeHost, FakeHypervisor
from unkai.hypervisor.model import ImageRef, Leftover
from unkai.kit.clock import Clock

# Writes "hello" and a line feed to the first serial port, then halts.
_TALKER = bytes.fromhex("31c08ed8be107cba f803ac84c07403ee ebf8f4ebfd".replace(" ", ""))


def boot_sector(code: bytes) -> bytes:
    return code.ljust(510, b"\0") + b"\x55\xaa"


def an_image(image_id: str, data: bytes) -> tuple[ImageRef, bytes]:
    sha256 = hashlib.sha256(data).hexdigest()
    ref = ImageRef(id=image_id, sha256=sha256, format="raw", virtual_size_bytes=len(data))
    return ref, data


BLANK_IMAGE = an_image("9d0f3c1e-0000-4000-8000-000000000001", bytes(1024 * 1024))


class Rig(Protocol):
    agent: Hypervisor

    async def restart(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None: ...

    async def kill(self, server_id: str) -> None: ...

    async def leftovers(self) -> list[Leftover]: ...

    def talking_image(self) -> tuple[ImageRef, bytes]: ...


class FakeRig:
    def __init__(self) -> None:
        self.host = FakeHost(boot_console="hello\nlogin: ")
        self.agent: Hypervisor = FakeHypervisor(self.host, Clock())

    async def restart(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        if meanwhile:
            await meanwhile()
        self.agent = FakeHypervisor(self.host, Clock())

    async def kill(self, server_id: str) -> None:
        self.host.crash_guest(server_id)

    async def leftovers(self) -> list[Leftover]:
        return list((await self.agent.list()).leftovers)

    def talking_image(self) -> tuple[ImageRef, bytes]:
        return BLANK_IMAGE


@asynccontextmanager
async def fake(folder: Path) -> AsyncGenerator[Rig]:
    yield FakeRig()


RIGS: dict[str, Callable[[Path], AbstractAsyncContextManager[Rig]]] = {"fake": fake}

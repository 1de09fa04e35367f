"""The agents that the suite runs on, each with a world around it that can be disturbed."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.fake import FakeHost, FakeHypervisor
from unkai.hypervisor.kvm import Accelerator
from unkai.hypervisor.local import LocalHypervisor, LocalSettings, mark_of
from unkai.hypervisor.model import ImageRef, Leftover
from unkai.hypervisor.ports import FakePlugger, PortPlugger
from unkai.hypervisor.qemu.process import ended, marked, reap
from unkai.hypervisor.remote import RemoteHypervisor
from unkai.hypervisor.server import serving
from unkai.hypervisor.tls import client_context, issue, make_authority
from unkai.kit.clock import Clock

# Writes "hello" and a line feed to the first serial port, then halts.
_TALKER = bytes.fromhex("31c08ed8be207cbaf803ac84c07403eeebf8f4ebfd").ljust(32, b"\0")

# Writes 8 MiB to its disk, then "D" to the first serial port, or "E" where it could not.
_WRITER = bytes.fromhex(
    "31c08ed8be407cb80043cd1372108144088000817c08004072edb044eb02b045baf803eef4ebfd"
).ljust(64, b"\0") + bytes.fromhex("10007f00000000108000000000000000")

# Says back on the first serial port what it hears there; sleeps until the timer's next tick.
_ECHO = bytes.fromhex("bafa03b007eefbf4bafd03eca80174f6baf803eceeebf1")


# Ejects every device that it is asked to let go of, as ACPI's registers say, at each timer's tick.
_EJECTOR = bytes.fromhex("fb6631c9bad00c6689c866efbac40c66edbac80c66ef4183f90872e8f4ebe2")


def boot_sector(code: bytes) -> bytes:
    return code.ljust(510, b"\0") + b"\x55\xaa"


def an_image(image_id: str, data: bytes) -> tuple[ImageRef, bytes]:
    sha256 = hashlib.sha256(data).hexdigest()
    ref = ImageRef(id=image_id, sha256=sha256, format="raw", virtual_size_bytes=len(data))
    return ref, data


TALKING_IMAGE = an_image(
    "9d0f3c1e-0000-4000-8000-000000000002", boot_sector(_TALKER + b"hello\r\nlogin: \0")
)
ECHOING_IMAGE = an_image("9d0f3c1e-0000-4000-8000-000000000004", boot_sector(_ECHO))
WRITING_IMAGE = an_image("9d0f3c1e-0000-4000-8000-000000000003", boot_sector(_WRITER))
EJECTING_IMAGE = an_image("9d0f3c1e-0000-4000-8000-000000000005", boot_sector(_EJECTOR))
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


class LocalRig:
    """The real agent on a folder of its own; guests are tiny and emulated."""

    def __init__(self, folder: Path, plugger: PortPlugger | None = None) -> None:
        self.folder = folder / "hypervisor"
        self._settings = LocalSettings(
            folder=self.folder,
            hostname="local-1",
            sample_s=0.3,
            unplug_s=3.0,
            uids=range(700_000, 700_100) if os.geteuid() == 0 else None,
            accelerator=Accelerator("tcg", "the tests do not depend on KVM"),
        )
        self._plugger = plugger or FakePlugger()

    async def open(self) -> None:
        self.local = LocalHypervisor(self._settings, self._plugger, Clock())
        self.agent: Hypervisor = self.local
        await self.local.open()

    async def close(self) -> None:
        await self.local.close()

    async def restart(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        await self.close()
        if meanwhile:
            await meanwhile()
        await self.open()

    async def kill(self, server_id: str) -> None:
        victim = marked(mark_of(self._settings.folder))[server_id]
        os.kill(victim.pid, signal.SIGKILL)
        assert await ended(victim, 5)

    async def leftovers(self) -> list[Leftover]:
        """What the agent finds, and files that it should not have left."""
        folder = self._settings.folder
        files = [*(folder / "machines").iterdir(), *(folder / "images").glob(".*")]
        strays = [Leftover(kind="folder", server_id="", detail=str(path)) for path in files]
        return [*(await self.agent.list()).leftovers, *strays]

    def talking_image(self) -> tuple[ImageRef, bytes]:
        return TALKING_IMAGE

    async def clear(self) -> None:
        """Also where `open` never came to its end."""
        if hasattr(self, "local"):
            await self.close()
        for found in marked(mark_of(self._settings.folder)).values():
            os.kill(found.pid, signal.SIGKILL)
            await ended(found, 5)
            reap(found.pid)


@asynccontextmanager
async def local(folder: Path) -> AsyncGenerator[LocalRig]:
    rig = LocalRig(folder)
    await rig.open()
    try:
        yield rig
    finally:
        await rig.clear()


class RemoteRig(LocalRig):
    """The real agent behind mutual TLS on the loopback, and its client."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._certificates = folder / "tls"
        self._serving = AsyncExitStack()
        now = Clock().now()
        make_authority(self._certificates, now=now)
        issue(self._certificates, "host", role="server", hosts=["127.0.0.1"], now=now)
        issue(self._certificates, "cloud", role="client", now=now)

    async def open(self) -> None:
        await super().open()
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        self._serving = AsyncExitStack()
        self._serving.callback(listener.close)
        server = serving(self.local, listener, self._certificates, "host")
        await self._serving.enter_async_context(server)
        remote = self.client("cloud")
        self._serving.push_async_callback(remote.close)
        self.agent: Hypervisor = remote

    def client(self, name: str) -> RemoteHypervisor:
        return RemoteHypervisor(self.url, client_context(self._certificates, name))

    async def close(self) -> None:
        await self._serving.aclose()
        await super().close()


@asynccontextmanager
async def remote(folder: Path) -> AsyncGenerator[RemoteRig]:
    rig = RemoteRig(folder)
    await rig.open()
    try:
        yield rig
    finally:
        await rig.clear()


RIGS: dict[str, Callable[[Path], AbstractAsyncContextManager[Rig]]] = {
    "fake": fake,
    "local": local,
    "remote": remote,
}

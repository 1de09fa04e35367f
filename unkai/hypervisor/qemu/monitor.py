"""Talking to one QEMU over QMP, with limits on time and plain words for what goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qemu.qmp import EventListener, ExecuteError, QMPClient, QMPError

from unkai.hypervisor.qemu.process import connect_unix
from unkai.kit.errors import Failed

SOCKET = "monitor"
ANSWER_S = 10.0
_DEVICE_EVENTS = ("DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR", "SHUTDOWN", "RESET")
_EVENTS = ("STOP", "RESUME", "SHUTDOWN", "RESET", "BLOCK_IO_ERROR", "GUEST_PANICKED", "WATCHDOG")


class Monitor:
    """An open connection. `heard` is called on each event, `lost` once when it breaks.

    device_news: set, and replaced, when a device went, or stays, or the guest is over.
    """

    def __init__(self, client: QMPClient, connection: socket.socket) -> None:
        self._client = client
        self._connection = connection
        self._passing = asyncio.Lock()
        self._devices = EventListener(_DEVICE_EVENTS)
        client.register_listener(self._devices)
        self.device_news = asyncio.Event()
        self._events = EventListener(_EVENTS)
        client.register_listener(self._events)
        self._watching: set[asyncio.Task[None]] = set()

    @classmethod
    async def connect(cls, folder: Path, name: str, timeout_s: float = ANSWER_S) -> Monitor:
        """Raises Failed("monitor-silent")."""
        client = QMPClient(name)
        try:
            connection = connect_unix(folder, SOCKET)
            async with asyncio.timeout(timeout_s):
                await client.connect(connection)
        except (OSError, QMPError, TimeoutError) as error:
            raise Failed("QEMU does not answer its monitor.", code="monitor-silent") from error
        return cls(client, connection)

    def watch(self, heard: Callable[[], None], lost: Callable[[], None]) -> None:
        async def events() -> None:
            while True:
                await self._events.get()
                self._events.clear()  # one question answers them all; and it keeps a history
                heard()

        async def devices() -> None:
            while True:
                await self._devices.get()
                self._devices.clear()
                told, self.device_news = self.device_news, asyncio.Event()
                told.set()

        async def end() -> None:
            await self._client.runstate_changed()
            lost()

        self._watching = {asyncio.create_task(one()) for one in (events, devices, end)}

    async def execute(self, command: str, *, limit_s: float = ANSWER_S, **arguments: Any) -> Any:
        """Names get their dashes back. Raises Failed with QEMU's words, or "monitor-silent"."""
        named = {key.replace("_", "-"): value for key, value in arguments.items()}
        try:
            async with asyncio.timeout(limit_s):
                return await self._client.execute(command, named or None)
        except ExecuteError as error:
            raise Failed(f"QEMU refused {command}: {error}.", code="qemu-refused") from error
        except (QMPError, OSError, TimeoutError) as error:
            raise Failed("QEMU does not answer its monitor.", code="monitor-silent") from error

    async def pass_descriptor(self, fd: int, fd_set: int | None, opaque: str) -> int:
        """The number of the set of descriptors that it is in now.

        The descriptor travels with a space between two commands; QEMU takes the last that came.
        """
        named = {} if fd_set is None else {"fdset_id": fd_set}
        async with self._passing:
            try:
                socket.send_fds(self._connection, [b" "], [fd])
            except OSError as error:
                raise Failed("QEMU does not answer its monitor.", code="monitor-silent") from error
            answer = await self.execute("add-fd", opaque=opaque, **named)
        return answer["fdset-id"]

    async def close(self) -> None:
        """Let go of QEMU, which goes on running."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        with contextlib.suppress(QMPError, OSError, EOFError):
            await self._client.disconnect()

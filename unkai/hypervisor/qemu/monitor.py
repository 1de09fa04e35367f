"""Talking to one QEMU over QMP, with limits on time and plain words for what goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qemu.qmp import EventListener, ExecuteError, QMPClient, QMPError

from unkai.hypervisor.qemu.process import connect_unix
from unkai.kit.errors import Failed

SOCKET = "monitor"
ANSWER_S = 10.0
_EVENTS = ("STOP", "RESUME", "SHUTDOWN", "RESET", "BLOCK_IO_ERROR", "GUEST_PANICKED", "WATCHDOG")


class Monitor:
    """An open connection. `heard` is called on each event, `lost` once when it breaks."""

    def __init__(self, client: QMPClient) -> None:
        self._client = client
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
        return cls(client)

    def watch(self, heard: Callable[[], None], lost: Callable[[], None]) -> None:
        async def events() -> None:
            while True:
                await self._events.get()
                self._events.clear()  # one question answers them all; and it keeps a history
                heard()

        async def end() -> None:
            await self._client.runstate_changed()
            lost()

        self._watching = {asyncio.create_task(events()), asyncio.create_task(end())}

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

    async def close(self) -> None:
        """Let go of QEMU, which goes on running."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        with contextlib.suppress(QMPError, OSError, EOFError):
            await self._client.disconnect()

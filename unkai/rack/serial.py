"""A machine's serial line as a port that is always open, whether the machine is on or off.

The BMC keeps one connection to it for good; ipmi_sim would take very long to come back to a line
that goes away with each power off. What the machine says also goes to its console log, by QEMU.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

_CHUNK: Final = 4096
_BEHIND_MAX: Final = 1 << 20


class SerialLine:
    def __init__(self) -> None:
        self._listeners: set[asyncio.StreamWriter] = set()
        self._machine: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None

    async def open(self, address: str, port: int) -> None:
        self._server = await asyncio.start_server(self._listen, address, port)

    async def close(self) -> None:
        self.detach()
        if self._server is not None:
            self._server.close()
        for listener in self._listeners:
            listener.close()

    async def attach(self, socket: Path) -> None:
        """Plug the line into a machine that has just been found or started."""
        self.detach()
        reader, self._machine = await asyncio.open_unix_connection(socket)
        self._pump = asyncio.create_task(self._hear(reader))

    def detach(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
        if self._machine is not None:
            self._machine.close()
        self._machine = self._pump = None

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        """From the machine to everybody; who does not read is left behind, not waited for."""
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                for listener in tuple(self._listeners):
                    if listener.transport.get_write_buffer_size() < _BEHIND_MAX:
                        listener.write(data)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._listeners.add(writer)
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(_CHUNK):
                    if self._machine is not None:
                        self._machine.write(data)
        finally:
            self._listeners.discard(writer)
            writer.close()

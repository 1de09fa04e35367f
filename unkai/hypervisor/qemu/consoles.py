"""A running QEMU's screen and serial line, reached by the sockets in its folder.

QEMU serves its screen to any number of viewers itself. Its serial line takes one connection, which
the viewers share; QEMU writes the log by itself, with or without one.

The folder of the sockets belongs to the guest's user. Who broke out into QEMU could put a name
there that leads to somebody else's socket and have us type into it, so what answers must be the
very process.
"""

from __future__ import annotations

import asyncio
from typing import Final

from unkai.hypervisor import console, refusals
from unkai.hypervisor.client import ConsoleKind
from unkai.hypervisor.folder import Folder
from unkai.hypervisor.qemu.command import SERIAL_SOCKET, VNC_SOCKET
from unkai.hypervisor.qemu.process import Identity, connect_unix, listener_pid
from unkai.hypervisor.threads import in_thread
from unkai.kit.streams import ByteStream, SharedLine, SocketStream

RECENT_BYTES: Final = 8192
_SOCKETS: dict[ConsoleKind, str] = {"vnc": VNC_SOCKET, "serial": SERIAL_SOCKET}


class Consoles:
    """Of all guests of an agent."""

    def __init__(self) -> None:
        self._lines: dict[Identity, SharedLine] = {}

    async def open(self, folder: Folder, guest: Identity, kind: ConsoleKind) -> ByteStream:
        """Failed("console-silent")."""
        if kind == "vnc":
            return await _connect(folder, guest, kind)
        recent = await in_thread(console.tail, folder.console, RECENT_BYTES)
        line = self._lines.get(guest)
        if line is None:
            self._forget()
            line = self._lines[guest] = SharedLine(lambda: _connect(folder, guest, kind))
        return await line.join(recent)

    async def close(self) -> None:
        for line in self._lines.values():
            await line.close()
        self._lines.clear()

    def _forget(self) -> None:
        """Lines that nobody watches; those of ended guests are among them."""
        self._lines = {guest: line for guest, line in self._lines.items() if line.is_open}


async def _connect(folder: Folder, guest: Identity, kind: ConsoleKind) -> ByteStream:
    try:
        connection = connect_unix(folder.path, _SOCKETS[kind])
    except OSError as error:
        raise refusals.console_silent(folder.server_id, kind) from error
    if listener_pid(connection) != guest.pid:
        connection.close()
        raise refusals.console_silent(folder.server_id, kind)
    return SocketStream(*await asyncio.open_unix_connection(sock=connection))

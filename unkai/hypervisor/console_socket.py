"""A console between a host's agent and the cloud: the same WebSocket, seen from both ends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import get_args
from urllib.parse import urlencode

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from unkai.hypervisor import wire
from unkai.hypervisor.client import ConsoleKind, Hypervisor
from unkai.kit.errors import BadRequest, Fault, Unavailable
from unkai.kit.streams import ByteStream

# --- the host's end


async def serve_console(agent: Hypervisor, socket: WebSocket) -> None:
    await socket.accept()
    try:
        stream = await agent.open_console(
            socket.query_params.get("server_id", ""), _kind(socket.query_params.get("kind", ""))
        )
    except Fault as fault:
        await _end(socket, fault)
        return
    try:
        await socket.send_text("")
        await _pump(socket, stream)
    except (WebSocketDisconnect, RuntimeError):
        return  # the cloud's end has gone
    finally:
        await stream.close()


def _kind(given: str) -> ConsoleKind:
    for kind in get_args(ConsoleKind):
        if kind == given:
            return kind
    raise BadRequest(f"There is no console of kind {given!r}.", code="console-kind")


async def _pump(socket: WebSocket, stream: ByteStream) -> None:
    typing = asyncio.create_task(_typed(socket, stream))
    telling = asyncio.create_task(_told(socket, stream))
    try:
        await asyncio.wait((typing, telling), return_when=asyncio.FIRST_COMPLETED)
    finally:
        typing.cancel()
        telling.cancel()
        await asyncio.gather(typing, telling, return_exceptions=True)


async def _typed(socket: WebSocket, stream: ByteStream) -> None:
    try:
        while True:
            await stream.write(await socket.receive_bytes())
    except Fault as fault:
        await _end(socket, fault)


async def _told(socket: WebSocket, stream: ByteStream) -> None:
    try:
        async for data in stream:
            await socket.send_bytes(data)
        await _end(socket, None)
    except Fault as fault:
        await _end(socket, fault)


async def _end(socket: WebSocket, fault: Fault | None) -> None:
    if fault is not None:
        await socket.send_text(msgspec.json.encode(wire.refusal_of(fault)).decode())
    await socket.close()


# --- the cloud's end


async def open_remote_console(
    url: str, context: ssl.SSLContext, server_id: str, kind: ConsoleKind
) -> ByteStream:
    """url: https://HOST:PORT. The host's faults; OSError and WebSocketException of the wire."""
    words = urlencode({"server_id": server_id, "kind": kind})
    where = "wss" + url.removeprefix("https")
    connection = await connect(
        f"{where}{wire.CONSOLE_PATH}?{words}",
        ssl=context,
        proxy=None,
        compression=None,
        max_size=wire.CONSOLE_FRAME_BYTES,
    )
    try:
        first = await connection.recv()
        if first:
            raise _fault(first)
    except BaseException:
        await connection.close()
        raise
    return _RemoteStream(connection)


class _RemoteStream:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for frame in self._connection:
                if isinstance(frame, str):
                    raise _fault(frame)
                yield frame
        except ConnectionClosed as closed:
            raise Unavailable(
                "The way to the server's host broke.", code="host-unreachable"
            ) from closed

    async def write(self, data: bytes) -> None:
        try:
            for start in range(0, len(data), wire.CONSOLE_FRAME_BYTES):
                await self._connection.send(data[start : start + wire.CONSOLE_FRAME_BYTES])
        except ConnectionClosed as closed:
            raise Unavailable("The other side has gone.", code="stream-ended") from closed

    async def close(self) -> None:
        await self._connection.close()


def _fault(frame: str | bytes) -> Fault:
    return wire.fault_of(msgspec.json.decode(frame, type=wire.Refusal))

"""The wire between a client and a BMC, which can be cut, made slow or lossy.

The BMCs themselves are other people's programs and stay as they are; what a bad network or a hung
controller does to a client happens here. Faults are looked up for each request, so they act at
once, on open sessions too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Protocol, cast

from unkai.kit.clock import Clock
from unkai.rack.faults import Faults

_IDLE_S: Final = 120.0
_CLIENTS_MAX: Final = 512
_METHODS: Final = (b"GET ", b"POST ", b"PATCH ", b"PUT ", b"DELETE ", b"HEAD ")
_STARTS_S: Final = 10.0
_CHUNK: Final = 65536


class Wire(Protocol):
    """What a relay asks before it passes a request on."""

    def __call__(self) -> Faults: ...


class Toll:
    """Counts the requests and says what becomes of each."""

    def __init__(self, faults: Wire) -> None:
        self._faults = faults
        self._requests = 0

    def lost(self) -> bool:
        faults = self._faults()
        self._requests += 1
        if "bmc-silent" in faults:
            return True
        drops = faults.get("bmc-drops")
        return drops is not None and self._requests % max(drops.every, 1) == 0

    def silent(self) -> bool:
        return "bmc-silent" in self._faults()

    def delay_s(self) -> float:
        slow = self._faults().get("bmc-slow")
        return slow.delay_s if slow is not None else 0.0


class _Upstream(asyncio.DatagramProtocol):
    """One client's own socket towards the BMC, so that answers find their way back."""

    def __init__(self, answer: Callable[[bytes], None]) -> None:
        self._answer = answer
        self.used = 0.0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._answer(data)

    def error_received(self, exc: Exception) -> None:
        """The BMC's port is closed for a moment: it starts. To the client a lost packet."""


class UdpRelay(asyncio.DatagramProtocol):
    """From the BMC's public address to the program behind it."""

    def __init__(self, inner: tuple[str, int], toll: Toll, clock: Clock) -> None:
        self._inner = inner
        self._toll = toll
        self._clock = clock
        self._clients: dict[tuple[str, int], tuple[asyncio.DatagramTransport, _Upstream]] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, outer: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=outer)

    def close(self) -> None:
        for task in self._sending:
            task.cancel()
        for transport, _ in self._clients.values():
            transport.close()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._toll.lost():
            return
        task = asyncio.create_task(self._pass_on(data, addr, self._toll.delay_s()))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _pass_on(self, data: bytes, client: tuple[str, int], delay_s: float) -> None:
        if delay_s:
            await self._clock.sleep(delay_s)
        transport, upstream = await self._upstream(client)
        upstream.used = self._clock.monotonic()
        transport.sendto(data)

    async def _upstream(
        self, client: tuple[str, int]
    ) -> tuple[asyncio.DatagramTransport, _Upstream]:
        known = self._clients.get(client)
        if known is None:
            self._forget_idle()
            loop = asyncio.get_running_loop()
            known = await loop.create_datagram_endpoint(
                lambda: _Upstream(lambda data: self._answer(data, client)), remote_addr=self._inner
            )
            self._clients[client] = known
        return known

    def _answer(self, data: bytes, client: tuple[str, int]) -> None:
        if self._transport is not None and not self._toll.silent():
            self._transport.sendto(data, client)

    def _forget_idle(self) -> None:
        old = self._clock.monotonic() - _IDLE_S
        full = len(self._clients) >= _CLIENTS_MAX
        for client, (transport, upstream) in tuple(self._clients.items()):
            if upstream.used < old or full:
                transport.close()
                del self._clients[client]


class TcpRelay:
    """The same for HTTP: a lost request takes its connection with it, a silent BMC keeps it."""

    def __init__(self, inner: tuple[str, int], toll: Toll, clock: Clock) -> None:
        self._inner = inner
        self._toll = toll
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open(self, outer: tuple[str, int]) -> None:
        self._server = await asyncio.start_server(self._serve, *outer)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, EOFError):
                await self._relay(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inward, outward = await self._reach()
        back = asyncio.create_task(self._bring_back(inward, writer))
        try:
            while data := await reader.read(_CHUNK):
                if data.startswith(_METHODS):
                    if self._toll.silent():
                        continue
                    if self._toll.lost():
                        return
                    await self._clock.sleep(self._toll.delay_s())
                outward.write(data)
                await outward.drain()
        finally:
            back.cancel()
            outward.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A BMC that starts answers late: its program's port is closed for a moment."""
        end = self._clock.monotonic() + _STARTS_S
        while True:
            try:
                return await asyncio.open_connection(*self._inner)
            except OSError:
                if self._clock.monotonic() > end:
                    raise
                await self._clock.sleep(0.05)

    async def _bring_back(self, inward: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await inward.read(_CHUNK):
                if not self._toll.silent():
                    writer.write(data)
                    await writer.drain()
            writer.close()

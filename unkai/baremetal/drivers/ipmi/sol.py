"""Serial over LAN (chapter 15): the machine's serial line as payloads of an IPMI session.

Each packet carries a number and acknowledges another; what is not acknowledged is sent again, what
comes twice is delivered once. The session is the console's own, so that its packets never wait
behind a poll, and is asked something now and then lest the BMC drops it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.ipmi.exchange import Exchange, Silent
from unkai.baremetal.drivers.ipmi.packets import Payload
from unkai.baremetal.drivers.ipmi.session import Refused, Session
from unkai.kit.clock import Clock
from unkai.kit.errors import Fault

APPLICATION, ACTIVATE, DEACTIVATE, DEVICE_ID = 0x06, 0x48, 0x49, 0x01
SOL, INSTANCE = 0x01, 0x01
ENCRYPTED_AND_SIGNED = 0xC0
ALREADY_ACTIVE = 0x80
NACK, ENDED = 0x40, 0x10
HEAD = 4
MOST_CHARACTERS = 200
WAITS_S = (0.5, 1.0, 1.0, 2.0)
FULL_PAUSE_S, FULL_TRIES = 0.1, 100
KEEP_ALIVE_S = 20.0


async def open_stream(session: Session, clock: Clock) -> SolStream:
    """Take the serial line, from whoever has it. The stream closes the session at its end."""
    activate = bytes((SOL, INSTANCE, ENCRYPTED_AND_SIGNED, 0, 0, 0))
    try:
        try:
            answer = await session.request(APPLICATION, ACTIVATE, activate)
        except Refused as refusal:
            if refusal.code != ALREADY_ACTIVE:
                raise
            await _deactivate(session)
            answer = await session.request(APPLICATION, ACTIVATE, activate)
    except Refused as refusal:
        await session.close()
        where = session.login.where
        raise bmc.refused(where, "open its serial line", str(refusal)) from refusal
    except BaseException:
        await session.close()
        raise
    room = int.from_bytes(answer[4:6], "little") - HEAD if len(answer) >= 6 else MOST_CHARACTERS
    return SolStream(session, clock, max(1, min(room, MOST_CHARACTERS)))


async def _deactivate(session: Session) -> None:
    with contextlib.suppress(Refused):  # it has ended already
        await session.request(APPLICATION, DEACTIVATE, bytes((SOL, INSTANCE, 0, 0, 0, 0)))


class SolStream:
    """A `ConsoleStream`: iterate for what the machine says, `write` for what is typed."""

    def __init__(self, session: Session, clock: Clock, room: int) -> None:
        self._session, self._clock, self._room = session, clock, room
        self._opened = session.opened_count
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._writing = asyncio.Lock()
        self._sending: Exchange | None = None
        self._number = 0
        self._last, self._taken = 0, 0
        self._ended = False
        session.on_sol = self._received
        self._alive = asyncio.create_task(self._keep_alive())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (said := await self._said.get()) is not None:
            yield said

    async def write(self, data: bytes) -> None:
        """Return once the BMC has taken all of it; Unavailable if it is gone."""
        async with self._writing:
            for _ in range(FULL_TRIES + len(data)):
                if not data:
                    return
                taken = await self._put(data[: self._room])
                data = data[taken:]
                if taken == 0:
                    await self._clock.sleep(FULL_PAUSE_S)
        raise bmc.busy(self._session.login.where, "its serial line takes no characters")

    async def close(self) -> None:
        self._end()
        self._alive.cancel()
        await asyncio.gather(self._alive, return_exceptions=True)
        self._session.on_sol = None
        if self._session.is_open:
            with contextlib.suppress(Fault):
                await _deactivate(self._session)
        await self._session.close()

    async def _put(self, data: bytes) -> int:
        """Send one packet until it is acknowledged; how many characters were taken."""
        if self._ended:
            raise bmc.unreachable(self._session.login.where, "the serial line was closed")
        self._number = number = self._number % 15 + 1
        packet = bytes((number, 0, 0, 0)) + data
        exchange = self._sending = Exchange(
            lambda: self._session.send(Payload.SOL, packet),
            lambda _, got: got[1] & 0x0F == number,
            WAITS_S,
        )
        try:
            answer = await exchange.answer()
        except Silent as silent:
            self._end()
            raise bmc.unreachable(self._session.login.where, str(silent)) from silent
        finally:
            self._sending = None
        return min(answer[2], len(data)) if answer[3] & NACK else len(data)

    def _received(self, payload: bytes) -> None:
        if len(payload) < HEAD:
            return
        number, status, data = payload[0] & 0x0F, payload[3], payload[HEAD:]
        if payload[1] & 0x0F and self._sending is not None:
            self._sending.offer(Payload.SOL, payload)
        if number:
            fresh = data[self._taken :] if number == self._last else data
            self._last, self._taken = number, len(data)
            if fresh and not self._ended:
                self._said.put_nowait(fresh)
            self._session.send(Payload.SOL, bytes((0, number, len(data) & 0xFF, 0)))
        if status & ENDED:
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._said.put_nowait(None)

    async def _keep_alive(self) -> None:
        """A session that had to be opened anew has lost the line: that is the stream's end."""
        while not self._ended:
            await self._clock.sleep(KEEP_ALIVE_S)
            try:
                await self._session.request(APPLICATION, DEVICE_ID)
            except (Refused, Fault):
                self._end()
            if self._session.opened_count != self._opened:
                self._end()

"""The sessions of this process with all its BMCs: one each, shared, closed when nobody needs it."""

from __future__ import annotations

import asyncio
import socket
import weakref
from collections.abc import Collection

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.ipmi.login import Login
from unkai.baremetal.drivers.ipmi.session import Session
from unkai.baremetal.drivers.ipmi.wire import Address, Wires
from unkai.kit.clock import Chance, Clock

LINGER_S = 50.0
"""How long an unused session stays: less than the 60 s after which a BMC drops it."""
SWEEP_S = 10.0
CLOSE_TIMEOUT_S = 2.0


class Ipmi:
    """Sessions by login, and the sockets they share; `close()` gives all of them back."""

    def __init__(self, clock: Clock, chance: Chance, namespace: str | None = None) -> None:
        self._clock, self._chance = clock, chance
        self._wires = Wires(namespace)
        self._sessions: dict[Login, Session] = {}
        self._own: weakref.WeakSet[Session] = weakref.WeakSet()
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def open_sessions(self) -> int:
        return sum(session.is_open for session in self._sessions.values())

    async def session(self, login: Login) -> Session:
        """The shared session with a BMC; not yet open if it is new."""
        known = self._sessions.get(login)
        if known is None:
            made = await self._make(login)
            known = self._sessions.setdefault(login, made)
            if self._sweeper is None:
                self._sweeper = asyncio.create_task(self._sweep())
        known.last_asked = self._clock.monotonic()
        return known

    async def own_session(self, login: Login) -> Session:
        """A session that nobody else uses (a console's); the caller closes it."""
        made = await self._make(login)
        self._own.add(made)
        return made

    async def _make(self, login: Login) -> Session:
        address = await self._resolved(login)
        try:
            wire = await self._wires.to(address)
        except OSError as error:
            raise bmc.unreachable(login.where, f"no socket: {error}") from error
        return Session(wire, address, login, self._clock, self._chance)

    async def request(self, login: Login, netfn: int, command: int, data: bytes = b"") -> bytes:
        """One request over the shared session. Raises as `Session.request` does."""
        session = self._sessions.get(login)
        if session is None:
            session = await self.session(login)
        else:
            session.last_asked = self._clock.monotonic()
        return await session.request(netfn, command, data)

    def held(self) -> set[Login]:
        """Logins of the sessions that are open."""
        return {one.login for one in (*self._sessions.values(), *self._own) if one.is_open}

    async def end(self, logins: Collection[Login]) -> None:
        """Close these sessions; one that is in the middle of a request stays for the next time."""
        ending = [one for one in (*self._sessions.values(), *self._own) if one.login in logins]
        await asyncio.gather(
            *(_closed_in_time(session) for session in ending), return_exceptions=True
        )
        for session in ending:
            if not session.is_open and self._sessions.get(session.login) is session:
                del self._sessions[session.login]

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        sessions, self._sessions = self._sessions, {}
        await asyncio.gather(
            *(_closed_in_time(session) for session in sessions.values()), return_exceptions=True
        )
        self._wires.close()

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_S)
            now = self._clock.monotonic()
            idle = {
                login: session
                for login, session in self._sessions.items()
                if now - session.last_asked > LINGER_S and not session.is_busy
            }
            for login in idle:
                del self._sessions[login]
            await asyncio.gather(*(session.close() for session in idle.values()))

    async def _resolved(self, login: Login) -> Address:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(login.host, login.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise bmc.unreachable(login.where, "its name has no address") from error
        return str(found[0][4][0]), int(found[0][4][1])


async def _closed_in_time(session: Session) -> None:
    """Nobody waits for a BMC that is silent: it drops the session by itself."""
    async with asyncio.timeout(CLOSE_TIMEOUT_S):
        await session.close()

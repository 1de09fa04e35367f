"""A session with one BMC: opened when first needed, opened again when the BMC forgot it.

One request at a time (a BMC answers no more); what is lost is sent again. Silence inside a session
means either that the BMC is away or that it restarted: a new session tells which. A wrong password
shows in the BMC's proof (RAKP 2) and is told apart from no answer.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.ipmi import handshake, packets
from unkai.baremetal.drivers.ipmi.exchange import Exchange, Silent
from unkai.baremetal.drivers.ipmi.login import Login
from unkai.baremetal.drivers.ipmi.packets import SUITES, Datagram, Keys, Payload
from unkai.baremetal.drivers.ipmi.wire import Address, Wire
from unkai.kit.clock import Chance, Clock

OPENING_WAITS_S = (1.0, 1.5, 2.0)
ASKING_WAITS_S = (1.0, 1.5, 2.0, 2.5)
HELD_WAITS_S = (1.0, 1.5)
"""In a session that has worked: then a new one is tried, for the BMC may have restarted."""
FORGOTTEN_WAITS_S = (0.7, 1.3)
"""The same after a while without requests, when BMCs drop sessions."""
IDLE_S = 25.0
GIVEN_UP_S = 50.0
"""BMCs end a session after a minute without a word: then a new one is quicker than asking."""
OPENING_TRIES = 3
BUSY_TRIES, BUSY_PAUSE_S = 6, 0.5
APPLICATION = 0x06
SET_PRIVILEGE, CLOSE = 0x3B, 0x3C
NODE_BUSY, BMC_TIMEOUT = 0xC0, 0xC3
WINDOW = 16


class Refused(Exception):
    """The BMC's completion code, where it is not 0."""

    def __init__(self, code: int) -> None:
        super().__init__(f"completion code 0x{code:02x}")
        self.code = code


class Session:
    """Requests to one BMC. Raises Unavailable (silent, busy), Failed (login) and Refused."""

    def __init__(
        self, wire: Wire, address: Address, login: Login, clock: Clock, chance: Chance
    ) -> None:
        self.address = address
        self.login = login
        self.last_used = 0.0
        self.last_asked = clock.monotonic()
        self.opened_count = 0
        self.on_sol: Callable[[bytes], None] | None = None
        self._wire, self._clock, self._chance = wire, clock, chance
        self._lock = asyncio.Lock()
        self._suites = login.suites
        self._number = b""
        self._keys: Keys | None = None
        self._exchange: Exchange | None = None
        self._sequence = self._message = 0
        self._highest = 0
        self._seen = 0

    @property
    def is_open(self) -> bool:
        return self._keys is not None

    @property
    def is_busy(self) -> bool:
        return self._lock.locked()

    async def request(self, netfn: int, command: int, data: bytes = b"") -> bytes:
        """The answer's data behind its completion code."""
        async with self._lock:
            answer = await self._answer(netfn, command, data)
            for _ in range(BUSY_TRIES):
                if answer[6] not in (NODE_BUSY, BMC_TIMEOUT):
                    break
                await self._clock.sleep(BUSY_PAUSE_S)
                answer = await self._answer(netfn, command, data)
            self.last_used = self._clock.monotonic()
        if answer[6]:
            raise Refused(answer[6])
        return answer[7:-1]

    def send(self, payload_type: int, payload: bytes) -> None:
        """A payload that is no message (SOL); lost if the session is not open."""
        if self._keys is not None:
            self._wire.send(self._sealed(self._keys, payload_type, payload), self.address)

    def received(self, datagram: Datagram) -> None:
        if datagram.payload_type >= Payload.OPEN_REQUEST:
            if self._keys is None and self._exchange is not None:
                self._exchange.offer(datagram.payload_type, datagram.payload)
            return
        if self._keys is None:
            return
        payload = packets.opened(self._keys, datagram)
        if payload is None or not self._is_fresh(datagram.sequence):
            return
        if datagram.payload_type == Payload.SOL:
            if self.on_sol is not None:
                self.on_sol(payload)
        elif self._exchange is not None:
            self._exchange.offer(datagram.payload_type, payload)

    async def close(self) -> None:
        """Tell the BMC, which has few sessions to give; its silence does not matter."""
        async with self._lock:
            if self._keys is None:
                return
            try:
                await self._ask(APPLICATION, CLOSE, self._keys.bmc_session, (0.3, 0.5))
            except Silent:
                pass
            finally:
                self._forget()

    async def _answer(self, netfn: int, command: int, data: bytes) -> bytes:
        idle_s = self._clock.monotonic() - self.last_used
        if idle_s > GIVEN_UP_S:
            self._forget()
        if self._keys is not None:
            try:
                waits = FORGOTTEN_WAITS_S if idle_s > IDLE_S else HELD_WAITS_S
                return await self._ask(netfn, command, data, waits)
            except Silent:
                self._forget()
        try:
            await self._open()
            return await self._ask(netfn, command, data, ASKING_WAITS_S)
        except Silent as silent:
            self._forget()
            raise bmc.unreachable(self.login.where, str(silent)) from silent

    async def _ask(self, netfn: int, command: int, data: bytes, waits: tuple[float, ...]) -> bytes:
        keys = self._keys
        assert keys is not None, "asked before it was open"
        self._message = number = (self._message + 1) & 0x3F
        payload = packets.message(netfn, command, number, data)
        return await self._exchanged(
            lambda: self._sealed(keys, Payload.IPMI, payload),
            lambda kind, got: (
                kind == Payload.IPMI and packets.is_answer(got, netfn, command, number)
            ),
            waits,
        )

    async def _exchanged(
        self,
        make: Callable[[], bytes],
        wanted: Callable[[int, bytes], bool],
        waits: tuple[float, ...],
    ) -> bytes:
        exchange = self._exchange = Exchange(
            lambda: self._wire.send(make(), self.address), wanted, waits
        )
        try:
            return await exchange.answer()
        finally:
            self._exchange = None

    def _sealed(self, keys: Keys, payload_type: int, payload: bytes) -> bytes:
        self._sequence = self._sequence % 0xFFFFFFFF + 1
        iv = self._chance.token_bytes(16)
        return packets.sealed(keys, self._sequence, payload_type, payload, iv)

    def _is_fresh(self, sequence: int) -> bool:
        """Whether a proven datagram is no replay: a window of what was seen (6.12.11)."""
        ahead = sequence - self._highest
        if ahead > 0:
            self._seen = (self._seen << ahead | 1) & ((1 << WINDOW) - 1) if ahead < WINDOW else 1
            self._highest = sequence
            return True
        bit = 1 << -ahead
        if -ahead >= WINDOW or self._seen & bit:
            return False
        self._seen |= bit
        return True

    def _forget(self) -> None:
        self._wire.remove(self._number, self)
        self._keys = None

    async def _open(self) -> None:
        """Agree on a suite, prove each other, take the privilege."""
        for suite in self._suites:
            try:
                await self._open_patiently(SUITES[suite])
            except handshake.SuiteRefused:
                continue
            self._suites = (suite,)
            return
        self._suites = self.login.suites
        names = " and ".join(str(suite) for suite in self.login.suites)
        raise bmc.login_refused(self.login.where, f"it does not speak cipher suite {names}")

    async def _open_patiently(self, suite: packets.Suite) -> None:
        for _ in range(OPENING_TRIES):
            try:
                return await self._open_with(suite)
            except handshake.StartOver:
                self._forget()
            except BaseException:
                self._forget()
                raise
        raise bmc.busy(self.login.where, "it loses its sessions while they are opened")

    async def _open_with(self, suite: packets.Suite) -> None:
        login, chance = self.login, self._chance
        self._number = chance.token_bytes(4)
        while self._number == packets.NO_SESSION or not self._wire.add(self._number, self):
            self._number = chance.token_bytes(4)
        number, user = self._number, packets.user_part(login.privilege, login.user.encode())
        key = login.password.encode().ljust(packets.PASSWORD_BYTES, b"\0")
        answer = await self._step(packets.open_request(suite, number), Payload.OPEN_RESPONSE)
        theirs, ours = answer[8:12], chance.token_bytes(16)
        answer = await self._step(packets.rakp_1(theirs, ours, user), Payload.RAKP_2)
        random, guid, proof = answer[8:24], answer[24:40], answer[40:]
        expected = suite.mac(key, number + theirs + ours + random + guid + user)
        if not hmac.compare_digest(expected, proof):
            raise bmc.login_refused(login.where, "the password is wrong")
        session_key = suite.mac(login.kg or key, ours + random + user)
        proof = suite.mac(key, random + number + user)
        answer = await self._step(packets.rakp_3(theirs, proof), Payload.RAKP_4)
        expected = suite.mac(session_key, ours + theirs + guid)[: suite.mac_bytes]
        if not hmac.compare_digest(expected, answer[8:]):
            raise bmc.login_refused(login.where, "its last proof is wrong (ipmi_hex_kg_key?)")
        self._keys = Keys.derived(suite, theirs, session_key)
        self._sequence = self._highest = self._seen = 0
        self.opened_count += 1
        taken = await self._ask(
            APPLICATION, SET_PRIVILEGE, bytes((login.privilege,)), ASKING_WAITS_S
        )
        if taken[6]:
            raise bmc.login_refused(login.where, "the user has not the privilege asked for")

    async def _step(self, request: bytes, answer_type: int) -> bytes:
        """One exchange of the setup; its answer once the status says yes."""
        answer = await self._exchanged(
            lambda: request,
            lambda kind, got: kind == answer_type and len(got) >= 2,
            OPENING_WAITS_S,
        )
        handshake.check(self.login.where, answer_type, answer)
        if len(answer) < handshake.LEAST_BYTES[answer_type]:
            raise bmc.odd(self.login.where, "a message of the session setup is too short")
        return answer

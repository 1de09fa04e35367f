"""One UDP socket for every BMC (one a family of addresses), in the namespace where they live.

A datagram belongs to the session whose number it carries, and must come from that session's BMC.
While a session is being opened some BMCs answer a refusal with another number; then the address
alone decides.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from unkai.baremetal.drivers.ipmi.packets import Datagram, Payload, parsed
from unkai.kit.dial import udp_socket

Address = tuple[str, int]
RECEIVE_BYTES = 1 << 20
"""Room for the answers of a thousand BMCs that are asked at once."""
SETUP = (Payload.OPEN_RESPONSE, Payload.RAKP_2, Payload.RAKP_4)


class Receiver(Protocol):
    """A session, as the wire sees it."""

    @property
    def address(self) -> Address: ...

    def received(self, datagram: Datagram) -> None: ...


class Wire(asyncio.DatagramProtocol):
    """A socket and the sessions on it."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, Receiver] = {}
        self._opening: dict[Address, Receiver] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[object, ...]) -> None:
        datagram = parsed(data)
        if datagram is None:
            return
        if datagram.payload_type in SETUP:
            receiver = self._sessions.get(datagram.payload[4:8]) or self._opening.get(
                (str(addr[0]), int(str(addr[1])))
            )
        else:
            receiver = self._sessions.get(datagram.session)
        if receiver is not None and receiver.address == addr[:2]:
            receiver.received(datagram)

    def error_received(self, exc: Exception) -> None:
        """A refused datagram is a lost one: whoever waits hears nothing and says so."""

    def send(self, data: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    def add(self, session: bytes, receiver: Receiver) -> bool:
        """False if the number is taken; it also becomes the one that is opening at its address."""
        if session in self._sessions:
            return False
        self._sessions[session] = receiver
        self._opening[receiver.address] = receiver
        return True

    def remove(self, session: bytes, receiver: Receiver) -> None:
        self._sessions.pop(session, None)
        if self._opening.get(receiver.address) is receiver:
            del self._opening[receiver.address]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Wires:
    """The sockets of a namespace, opened when first needed."""

    def __init__(self, namespace: str | None) -> None:
        self._namespace = namespace
        self._open: dict[str, Wire] = {}
        self._lock = asyncio.Lock()

    async def to(self, address: Address) -> Wire:
        host = "::" if ":" in address[0] else "0.0.0.0"
        async with self._lock:
            if host not in self._open:
                sock = await udp_socket(self._namespace, host=host, receive_bytes=RECEIVE_BYTES)
                loop = asyncio.get_running_loop()
                _, self._open[host] = await loop.create_datagram_endpoint(Wire, sock=sock)
            return self._open[host]

    def close(self) -> None:
        for wire in self._open.values():
            wire.close()
        self._open.clear()

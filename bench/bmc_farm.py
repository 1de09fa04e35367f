"""Many BMCs in one process, for measuring: RMCP+ (cipher suite 3) and Get Chassis Status, no more.

    python -m bench.bmc_farm COUNT

Each BMC has a port of its own; the ports are printed, separated by spaces, on one line. It ends
with its standard input.
"""

from __future__ import annotations

import asyncio
import os
import sys

from unkai.baremetal.drivers.ipmi import packets
from unkai.baremetal.drivers.ipmi.packets import SUITES, Datagram, Keys, Payload

USER, PASSWORD = b"admin", b"password"
SUITE = SUITES[3]
KEY = PASSWORD.ljust(packets.PASSWORD_BYTES, b"\0")
GUID = bytes(16)
OK = b"\0"
IS_OFF = b"\0\0\0"
STATUS = 0x01


class Opening:
    """One session's setup, as the BMC keeps it."""

    def __init__(self, console_session: bytes) -> None:
        self.console_session = console_session
        self.number = os.urandom(4)
        self.random = os.urandom(16)
        self.theirs = self.user = b""


class Bmc(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self._opening: dict[bytes, Opening] = {}
        self._keys: dict[bytes, Keys] = {}
        self._sequence = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        datagram = packets.parsed(data)
        if datagram is None:
            return
        answer = self._answer(datagram)
        if answer:
            self._transport.sendto(answer, addr)

    def _answer(self, datagram: Datagram) -> bytes | None:
        payload = datagram.payload
        if datagram.payload_type == Payload.OPEN_REQUEST:
            return self._opened(payload)
        if datagram.payload_type == Payload.RAKP_1:
            return self._rakp_2(self._opening[payload[4:8]], payload)
        if datagram.payload_type == Payload.RAKP_3:
            return self._rakp_4(self._opening[payload[4:8]])
        keys = self._keys.get(datagram.session)
        asked = keys and packets.opened(keys, datagram)
        return self._status(keys, asked) if keys and asked else None

    def _opened(self, payload: bytes) -> bytes:
        session = payload[4:8]
        if payload[12] != SUITE.authentication:
            return packets.plain(Payload.OPEN_RESPONSE, b"\0\x04\0\0" + session + bytes(28))
        opening = Opening(session)
        self._opening[opening.number] = opening
        said = b"\0\0\x04\0" + session + opening.number + payload[8:32]
        return packets.plain(Payload.OPEN_RESPONSE, said)

    def _rakp_2(self, opening: Opening, payload: bytes) -> bytes:
        opening.theirs = payload[8:24]
        opening.user = payload[24:25] + payload[27:]
        proof = SUITE.mac(
            KEY,
            opening.console_session
            + opening.number
            + opening.theirs
            + opening.random
            + GUID
            + opening.user,
        )
        said = b"\0\0\0\0" + opening.console_session + opening.random + GUID + proof
        return packets.plain(Payload.RAKP_2, said)

    def _rakp_4(self, opening: Opening) -> bytes:
        key = SUITE.mac(KEY, opening.theirs + opening.random + opening.user)
        keys = Keys.derived(SUITE, opening.console_session, key)
        self._keys[opening.number] = keys
        proof = SUITE.mac(key, opening.theirs + opening.number + GUID)[: SUITE.mac_bytes]
        return packets.plain(Payload.RAKP_4, b"\0\0\0\0" + opening.console_session + proof)

    def _status(self, keys: Keys, asked: bytes) -> bytes:
        netfn, sequence, command = asked[1] >> 2, asked[4] >> 2, asked[5]
        head = bytes((packets.CONSOLE, (netfn | 1) << 2))
        body = bytes((packets.BMC, sequence << 2, command)) + OK
        body += IS_OFF if (netfn, command) == (0, STATUS) else b""
        said = head + bytes((packets.checksum(head),)) + body + bytes((packets.checksum(body),))
        self._sequence += 1
        return packets.sealed(keys, self._sequence, Payload.IPMI, said, os.urandom(16))


async def main(count: int) -> None:
    loop = asyncio.get_running_loop()
    ports: list[str] = []
    for _ in range(count):
        transport, _ = await loop.create_datagram_endpoint(Bmc, local_addr=("127.0.0.1", 0))
        ports.append(str(transport.get_extra_info("sockname")[1]))
    print(" ".join(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

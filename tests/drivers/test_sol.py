"""The serial console over IPMI, against OpenIPMI's BMC and a serial line that is a TCP socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.drivers.ipmi_rigs import SimulatedBmc, ipmi_node, needs_ipmi_sim, relay_to
from unkai.baremetal.drivers.base import ConsoleStream
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.console import IpmiConsole
from unkai.baremetal.drivers.ipmi.power import IpmiPower
from unkai.baremetal.model import Node, PowerState
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import Unavailable

pytestmark = [pytest.mark.anyio, needs_ipmi_sim]
DEADLINE_S = 30


@dataclass
class Line:
    """The machine's side of its serial line: says back, in capitals, what it hears."""

    heard: bytearray = field(default_factory=bytearray)
    writer: asyncio.StreamWriter | None = None
    serving: list[asyncio.Task[None]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.append(asyncio.current_task())
        self.writer = writer
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1000):
                self.heard += data
                writer.write(data.upper())
        writer.close()


@dataclass
class Rig:
    line: Line
    bmc: SimulatedBmc
    ipmi: Ipmi
    console: IpmiConsole


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    line = Line()
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    bmc = SimulatedBmc(tmp_path, console_port=server.sockets[0].getsockname()[1])
    ipmi = Ipmi(Clock(), Chance())
    try:
        await asyncio.to_thread(bmc.start)
        yield Rig(line, bmc, ipmi, IpmiConsole(ipmi, Clock()))
    finally:
        await ipmi.close()
        bmc.stop()
        server.close()
        await asyncio.gather(*line.serving)


async def read_until(stream: ConsoleStream, wanted: bytes) -> bytes:
    said = b""
    async with asyncio.timeout(DEADLINE_S):
        async for part in stream:
            said += part
            if wanted in said:
                return said
    raise AssertionError(f"the console ended: {said!r}")


@contextlib.asynccontextmanager
async def opened(rig: Rig, node: Node) -> AsyncIterator[ConsoleStream]:
    stream = await rig.console.open(node)
    try:
        yield stream
    finally:
        await stream.close()


async def test_what_is_typed_arrives_and_what_is_said_is_read(rig: Rig) -> None:
    async with opened(rig, rig.bmc.node) as stream:
        await stream.write(b"hello\r")
        await read_until(stream, b"HELLO\r")
        long = b"abcdefghij" * 100
        await stream.write(long + b"!")
        said = await read_until(stream, b"!")
        assert said.count(b"ABCDEFGHIJ") == 100
        # polls go on beside it
        assert await IpmiPower(rig.ipmi, Clock()).get_power_state(rig.bmc.node) is PowerState.OFF


async def test_nothing_is_lost_or_doubled_on_a_bad_line(rig: Rig) -> None:
    async with relay_to(rig.bmc.port) as relay, opened(rig, ipmi_node(relay.port)) as stream:
        relay.lose_every = 7
        await stream.write(b"".join(b"%03d," % number for number in range(200)) + b"end")
        said = await read_until(stream, b"END")
        numbers = [int(one) for one in said.removesuffix(b",END").split(b",") if one.isdigit()]
        assert numbers == list(range(200)) and relay.lost > 0


async def test_a_second_console_takes_the_line_over(rig: Rig) -> None:
    async with opened(rig, rig.bmc.node) as first, opened(rig, rig.bmc.node) as second:
        await second.write(b"mine\r")
        await read_until(second, b"MINE\r")
        with pytest.raises(Unavailable):
            await first.write(b"still here?\r")
        async with asyncio.timeout(DEADLINE_S):
            assert [part async for part in first] == []  # it has ended

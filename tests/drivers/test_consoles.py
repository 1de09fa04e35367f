"""Consoles of every agent: a screen by RFB, a serial line that is shared, typed into and logged."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.drivers.console_reader import DEADLINE_S, Reader
from tests.drivers.hypervisor_rigs import ECHOING_IMAGE, RIGS, FakeRig, LocalRig, Rig
from tests.drivers.test_hypervisor import a_machine, power, stream
from unkai.hypervisor.client import ConsoleKind
from unkai.hypervisor.model import PowerState, RootDisk
from unkai.kit.errors import Conflict, Failed, NotFound, Unavailable
from unkai.kit.streams import ByteStream

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
MIB = 1024 * 1024


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path) as made:
        yield made


@asynccontextmanager
async def console_of(
    rig: Rig, server_id: str, kind: ConsoleKind
) -> AsyncGenerator[tuple[ByteStream, Reader]]:
    console = await rig.agent.open_console(server_id, kind)
    reader = Reader(console)
    try:
        yield console, reader
    finally:
        await reader.close()
        await console.close()


async def echoing(rig: Rig) -> str:
    """A running machine that says back what is typed."""
    image, data = ECHOING_IMAGE
    await rig.agent.cache_image(image, stream(data))
    machine = a_machine(root_disk=RootDisk(size_bytes=4 * MIB, image=image))
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(machine.server_id, 1)
    return machine.server_id


async def type_until_heard(console: ByteStream, reader: Reader, words: bytes) -> None:
    """A machine that still boots does not hear yet."""
    for _ in range(DEADLINE_S * 2):
        await console.write(words)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await reader.until(words)
                return
    raise AssertionError(f"{words!r} did not come back")


async def type_on(console: ByteStream) -> None:
    """A socket notices at the second write that nobody listens."""
    for _ in range(100):
        await console.write(b"x")
        await asyncio.sleep(0.01)


async def greet(console: ByteStream, reader: Reader) -> tuple[int, int]:
    """Through the handshake of RFB 3.8; the screen's size."""
    assert await reader.exactly(12) == b"RFB 003.008\n"
    await console.write(b"RFB 003.008\n")
    (count,) = await reader.exactly(1)
    assert 1 in await reader.exactly(count)
    await console.write(b"\x01")
    assert await reader.exactly(4) == bytes(4)
    await console.write(b"\x01")
    head = await reader.exactly(24)
    await reader.exactly(int.from_bytes(head[20:24]))
    return int.from_bytes(head[:2]), int.from_bytes(head[2:4])


async def test_a_screen_speaks_rfb_to_several(rig: Rig) -> None:
    server_id = await echoing(rig)
    async with (
        console_of(rig, server_id, "vnc") as (first, at_first),
        console_of(rig, server_id, "vnc") as (second, at_second),
    ):
        for console, reader in ((first, at_first), (second, at_second)):
            width, height = await greet(console, reader)
            assert width >= 100 and height >= 90
            everything = width.to_bytes(2) + height.to_bytes(2)
            await console.write(b"\x03\x00" + bytes(4) + everything)
            kind, _, *count = await reader.exactly(4)
            assert kind == 0 and bytes(count) != b"\0\0"


async def test_a_serial_line_is_shared_and_logged(rig: Rig) -> None:
    server_id = await echoing(rig)
    async with console_of(rig, server_id, "serial") as (first, at_first):
        await type_until_heard(first, at_first, b"hello\r\n")
        async with console_of(rig, server_id, "serial") as (second, at_second):
            await at_second.until(b"hello")
            await second.write(b"to both")
            await at_second.until(b"to both")
            await at_first.until(b"to both")
        await first.write(b"still here")
        await at_first.until(b"still here")
    async with console_of(rig, server_id, "serial") as (third, at_third):
        assert b"to both" in await at_third.until(b"still here")
        await type_until_heard(third, at_third, b"again")
    logged = await rig.agent.console_log(server_id)
    assert "hello" in logged and "to both" in logged and "again" in logged


async def test_consoles_end_with_the_machine(rig: Rig) -> None:
    server_id = await echoing(rig)
    async with (
        console_of(rig, server_id, "vnc") as (screen, at_screen),
        console_of(rig, server_id, "serial") as (line, at_line),
    ):
        await at_screen.until(b"\n")
        await rig.agent.stop(server_id, 2)
        await at_screen.ended()
        await at_line.ended()
        for console in (screen, line):
            with pytest.raises(Unavailable):
                await type_on(console)
    with pytest.raises(Conflict, match="no running process"):
        await rig.agent.open_console(server_id, "vnc")
    await rig.agent.start(server_id, 3)
    async with console_of(rig, server_id, "vnc") as (_, reader):
        await reader.until(b"\n")


async def test_no_machine_no_console(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.agent.open_console(a_machine().server_id, "serial")
    machine = a_machine()
    await rig.agent.prepare(machine, 1)
    with pytest.raises(Conflict):
        await rig.agent.open_console(machine.server_id, "serial")


async def test_a_line_is_found_again_by_the_next_agent(rig: Rig) -> None:
    server_id = await echoing(rig)
    console = await rig.agent.open_console(server_id, "serial")
    reader = Reader(console)
    await type_until_heard(console, reader, b"before\r\n")
    await rig.restart()
    await reader.close()
    await console.close()
    if isinstance(rig, FakeRig):
        return
    assert await power(rig, server_id) == PowerState.RUNNING
    async with console_of(rig, server_id, "serial") as (again, reader):
        await reader.until(b"before")
        await type_until_heard(again, reader, b"after\r\n")


async def test_a_socket_of_somebody_else_is_not_typed_into(tmp_path: Path) -> None:
    async with RIGS["local"](tmp_path) as rig:
        assert isinstance(rig, LocalRig)
        server_id = await echoing(rig)
        place = rig.folder / "machines" / server_id / "sockets" / "serial"
        os.unlink(place)
        with socket.socket(socket.AF_UNIX) as trap:
            trap.bind(str(tmp_path / "trap"))
            trap.listen()
            os.symlink(tmp_path / "trap", place)
            with pytest.raises(Failed) as refused:
                await rig.agent.open_console(server_id, "serial")
        assert refused.value.code == "console-silent"
        os.unlink(place)
        with pytest.raises(Failed):
            await rig.agent.open_console(server_id, "serial")

"""Volumes by iSCSI: tgt over QEMU's storage daemon, and initiators that are QEMU's own."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.drivers.network_rigs import until
from tests.drivers.volume_rigs import raw_image
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.iscsi import processes
from unkai.block_storage.drivers.iscsi.exporter import IscsiExporter
from unkai.block_storage.model import Export
from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Unavailable
from unkai.network.drivers.ovn.daemons import is_running

LIBISCSI = Path("/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so")
HAS_TGT = os.geteuid() == 0 and shutil.which("tgtd") is not None and LIBISCSI.exists()
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not HAS_TGT, reason="needs root, tgt and qemu-block-extra"),
]
SIZE = 16 << 20
VOLUME = "7f1f4e04-5b0a-4b0c-8d3e-3f2a50a5a001"
INITIATOR = "iqn.2010-04.org.example:machine"


class Rig:
    """A volume driver with an exporter, in a namespace of its own."""

    def __init__(self, folder: Path) -> None:
        self.namespace = f"unkai-x{secrets.token_hex(4)}"
        self.folder = folder
        self.driver = FileDriver(folder / "volumes", reserve_bytes=0)
        self.driver.open()
        self.deaths = 0
        self.exporter = self.another()
        self.export = Export(
            volume_id=VOLUME,
            attachment_id="a",
            network_id="",
            address="127.0.0.1",
            port=3260,
            initiator=INITIATOR,
            username="u1",
            password="secretsecret12",
        )

    def another(self) -> IscsiExporter:
        """As a new process of the cloud's has it."""

        def died() -> None:
            self.deaths += 1

        return IscsiExporter(
            Path(f"/run/{self.namespace}"),
            self.folder / "exports",
            namespace_of=lambda _: self.namespace,
            clock=Clock(),
            died=died,
        )

    async def serve(self, export: Export | None = None) -> None:
        connection = await self.driver.connect(VOLUME, read_only=False)
        await self.exporter.open(export or self.export, connection)

    def pid(self, name: str) -> int:
        found = processes.pid_of(Path(f"/run/{self.namespace}/{VOLUME}"), name)
        assert found is not None
        return found

    async def kill(self, name: str) -> None:
        """And until it is dead."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not is_running(pid))

    def words(self, **changes: str) -> list[str]:
        """qemu-io as the initiator."""
        known = {
            "driver": "iscsi",
            "transport": "tcp",
            "portal": f"127.0.0.1:{self.export.port}",
            "target": self.export.target_iqn,
            "lun": "1",
            "user": self.export.username,
            "password": self.export.password,
            "initiator-name": self.export.initiator,
        }
        options = ",".join(f"{key}={value}" for key, value in (known | changes).items())
        return ["ip", "netns", "exec", self.namespace, "qemu-io", "--image-opts", options]

    async def ask(self, *orders: str, **changes: str) -> str:
        """What it says of these orders; "refused" where it cannot log in."""
        words = self.words(**changes) + [part for order in orders for part in ("-c", order)]
        done = await asyncio.to_thread(
            subprocess.run, words, check=False, capture_output=True, text=True, timeout=30
        )
        return done.stdout if done.returncode == 0 else f"refused {done.stderr}"

    async def chunks(self) -> dict[int, str]:
        async with self.driver.read(VOLUME, "read") as contents:
            found = {at // CHUNK_BYTES: data async for at, data in contents.extents()}
        return {at: chr(data[0]) for at, data in found.items()}


def write(letter: str, chunk: int) -> str:
    return f"write -P {ord(letter)} {chunk * CHUNK_BYTES} {CHUNK_BYTES}"


def read(letter: str, chunk: int) -> str:
    return f"read -P {ord(letter)} {chunk * CHUNK_BYTES} {CHUNK_BYTES}"


def is_fine(said: str) -> bool:
    return not said.startswith("refused") and "fail" not in said and "rror" not in said


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path)
    netns.create(made.namespace)
    try:
        yield made
    finally:
        made.exporter.close_watches()
        await made.exporter.stop()
        netns.delete(made.namespace)


async def test_an_initiator_has_the_volume_until_the_export_ends(rig: Rig) -> None:
    """A volume above an image, which is what machines boot from."""
    await rig.driver.create_from_image(VOLUME, SIZE, raw_image(rig.folder))
    await rig.serve()
    assert is_fine(await rig.ask(read("i", 0), write("a", 1), "flush", read("a", 1)))

    others = ({"password": "wrongwrong12"}, {"user": "u2"}, {"initiator-name": f"{INITIATOR}2"})
    for other in others:
        assert "refused" in await rig.ask(read("i", 0), **other), other

    pids = [rig.pid("storage"), rig.pid("target")]
    await rig.exporter.close(VOLUME)
    assert "refused" in await rig.ask(read("i", 0))
    assert await rig.chunks() == {0: "i", 1: "a"}
    assert not any(is_running(pid) for pid in pids)
    assert await rig.exporter.present() == {}
    assert list(Path(f"/run/{rig.namespace}").iterdir()) == []

    fresh = replace(rig.export, username="u3", password="anothersecret3")
    await rig.serve(fresh)
    assert "refused" in await rig.ask(read("i", 0))
    assert is_fine(await rig.ask(read("a", 1), user=fresh.username, password=fresh.password))


async def test_a_session_ends_with_the_export(rig: Rig) -> None:
    await rig.driver.create(VOLUME, SIZE)
    await rig.serve()
    child = await asyncio.create_subprocess_exec(
        *rig.words(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert child.stdin is not None
    try:
        child.stdin.write(f"{write('s', 0)}\n".encode())
        await until(lambda: Path(f"/proc/{child.pid}").exists())
        async with asyncio.timeout(20):
            while (await rig.exporter.present())[VOLUME].sessions != (INITIATOR,):
                await asyncio.sleep(0.05)
        await rig.exporter.close(VOLUME)
        child.stdin.write(f"{read('s', 0)}\n".encode())
        await child.stdin.drain()
        with pytest.raises(TimeoutError):  # it asks again for ever, and nobody answers
            async with asyncio.timeout(2):
                await child.wait()
    finally:
        child.kill()
        said, _ = await child.communicate()
    assert b"read 4194304" not in said


async def test_a_volume_is_frozen_and_grown_under_its_initiator(rig: Rig) -> None:
    await rig.driver.create_from_image(VOLUME, SIZE, raw_image(rig.folder))
    await rig.serve()
    guest = rig.exporter.guest(VOLUME)
    assert is_fine(await rig.ask(write("a", 1), "flush"))
    for _ in range(2):
        await rig.driver.snapshot("s", VOLUME, guest)
    await rig.driver.extend(VOLUME, 2 * SIZE, guest)
    assert is_fine(await rig.ask(read("a", 1), write("b", 1), write("b", 2), "flush"))

    async with rig.driver.read_snapshot("s", "read-s") as contents:
        found = {at // CHUNK_BYTES: chr(data[0]) async for at, data in contents.extents()}
    assert found == {0: "i", 1: "a"}
    await rig.serve()  # nobody is logged in: whoever comes sees how large it is now
    assert is_fine(await rig.ask(write("c", 7), "flush", read("b", 2)))
    await rig.exporter.close(VOLUME)
    assert await rig.chunks() == {0: "i", 1: "b", 2: "b", 7: "c"}


@pytest.mark.parametrize("victim", ["storage", "target"])
async def test_what_dies_is_served_again(rig: Rig, victim: str) -> None:
    await rig.driver.create_from_image(VOLUME, SIZE, raw_image(rig.folder))
    await rig.serve()
    assert is_fine(await rig.ask(write("a", 1), "flush"))
    before = rig.pid("storage"), rig.pid("target")
    adopted = rig.another()
    await adopted.open(rig.export, await rig.driver.connect(VOLUME, read_only=False))
    adopted.close_watches()
    assert (rig.pid("storage"), rig.pid("target")) == before

    await rig.kill(victim)
    await until(lambda: rig.deaths > 0)
    assert not (await rig.exporter.present())[VOLUME].whole
    if victim == "storage":
        with pytest.raises(Unavailable):
            await rig.driver.snapshot("s", VOLUME, rig.exporter.guest(VOLUME))
    await rig.serve()
    assert is_fine(await rig.ask(read("a", 1), read("i", 0)))


async def test_after_a_reboot_it_is_served_again(rig: Rig) -> None:
    """Processes and run files are gone; what is written down stays."""
    await rig.driver.create_from_image(VOLUME, SIZE, raw_image(rig.folder))
    await rig.serve()
    await rig.driver.snapshot("s", VOLUME, rig.exporter.guest(VOLUME))
    assert is_fine(await rig.ask(write("a", 1), "flush"))
    for name in ("target", "storage"):
        await rig.kill(name)
    shutil.rmtree(f"/run/{rig.namespace}")

    assert not (await rig.exporter.present())[VOLUME].whole
    rig.exporter = rig.another()
    await rig.serve()
    assert is_fine(await rig.ask(read("a", 1), read("i", 0)))
    await rig.exporter.stop()
    assert not processes.of_folder(Path(f"/run/{rig.namespace}"))


async def test_a_crash_while_freezing_loses_nothing(rig: Rig) -> None:
    """Before each change of the disk, everything dies but what is on it."""
    await rig.driver.create_from_image(VOLUME, SIZE, raw_image(rig.folder))
    for number in range(20):
        await rig.serve()
        letter = chr(ord("a") + number)
        assert is_fine(await rig.ask(write(letter, 1), "flush"))
        left = iter(range(number))

        def told(left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise Crash

        rig.driver.on_change(told)
        name = f"s{number}"
        try:
            await rig.driver.snapshot(name, VOLUME, rig.exporter.guest(VOLUME))
            crashed = False
        except Crash:
            crashed = True
        rig.driver.on_change(None)
        await rig.kill("storage")
        rig.driver = FileDriver(rig.folder / "volumes", reserve_bytes=0)
        rig.driver.open()
        await rig.serve()
        assert is_fine(await rig.ask(read(letter, 1), write("z", 2), "flush"))
        await rig.driver.snapshot(name, VOLUME, rig.exporter.guest(VOLUME))
        async with rig.driver.read_snapshot(name, "read-s") as contents:
            found = {at // CHUNK_BYTES: chr(data[0]) async for at, data in contents.extents()}
        assert found[1] == letter
        assert is_fine(await rig.ask(read(letter, 1), read("z", 2)))
        if not crashed:
            break
    else:
        pytest.fail("it never came to its end")
    await rig.exporter.close(VOLUME)


async def test_a_portal_that_is_away_is_said(rig: Rig) -> None:
    await rig.driver.create(VOLUME, SIZE)
    netns.delete(rig.namespace)
    with pytest.raises(Unavailable):
        await rig.serve()
    netns.create(rig.namespace)
    with (
        netns.listen_tcp(rig.namespace, "0.0.0.0", rig.export.port),  # inside
        pytest.raises(Failed),
    ):
        await rig.serve()
    await rig.serve()


class Crash(Exception):
    """The end of the process, played."""

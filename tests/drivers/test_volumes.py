"""Every volume driver does the same: one suite, with bytes written and read as a guest would."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.drivers import ceph_rigs
from tests.drivers.ceph_rigs import Ceph
from unkai.block_storage.connection import Connection
from unkai.block_storage.drivers.base import Contents, ImageData, VolumeDriver
from unkai.block_storage.drivers.ceph import CephDriver
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.block_storage.drivers.fake import FakeDriver
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.qemu_img import opened
from unkai.block_storage.drivers.rbd import Access
from unkai.kit.errors import Failed, NotFound

pytestmark = pytest.mark.anyio
SIZE = 16 << 20


class Rig:
    """A driver, and a guest's way to a volume's bytes."""

    def __init__(self, driver: VolumeDriver, folder: Path, ceph: Ceph | None = None) -> None:
        self.driver = driver
        self.folder = folder
        self.ceph = ceph

    async def write(self, volume_id: str, letter: str, chunk: int = 0) -> None:
        connection = await self.driver.connect(volume_id, read_only=False)
        await asyncio.to_thread(write, self, connection, letter, chunk)

    async def read(self, volume_id: str) -> dict[int, str]:
        """Letters by chunk."""
        return await letters(self.driver.read(volume_id, f"read-{volume_id}"))

    async def read_snapshot(self, snapshot_id: str) -> dict[int, str]:
        return await letters(self.driver.read_snapshot(snapshot_id, f"read-{snapshot_id}"))


async def letters(opening: AbstractAsyncContextManager[Contents]) -> dict[int, str]:
    async with opening as contents:
        found = {at // CHUNK_BYTES: data async for at, data in contents.extents()}
    assert all(len(set(data)) == 1 for data in found.values())
    return {at: chr(data[0]) for at, data in found.items()}


def write(rig: Rig, connection: Connection, letter: str, chunk: int) -> None:
    """A whole chunk of one letter, by QEMU where there is something to open."""
    driver = rig.driver
    if isinstance(driver, FakeDriver):
        driver.write(connection.volume_id, chunk * CHUNK_BYTES, letter.encode() * CHUNK_BYTES)
        return
    order = f"write -P {ord(letter)} {chunk * CHUNK_BYTES} {CHUNK_BYTES}"
    node = opened(connection.layers) if rig.ceph is None else opened_image(rig.ceph, connection)
    words = ("qemu-io", "-c", order, node)
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def opened_image(ceph: Ceph, connection: Connection) -> str:
    conf = ceph.folder / "client.conf"
    conf.write_text(f"{ceph.conf.read_text()}\nkeyring = {ceph.keyring}\n")
    image = {"driver": "rbd", "pool": connection.target["pool"], "conf": str(conf)}
    image |= {"image": connection.layers[0].path, "user": connection.target["user"]}
    return "json:" + json.dumps({"driver": "raw", "file": image})


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    if absent := ceph_rigs.missing():
        pytest.skip(f"not installed: {', '.join(absent)} (packages-soak.txt)")
    with ceph_rigs.started(tmp_path_factory.mktemp("ceph")) as made:
        yield made


ON_CEPH = pytest.param("ceph", marks=[pytest.mark.soak, pytest.mark.xdist_group("ceph")])


@pytest.fixture(params=["fake", "file", ON_CEPH])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "ceph":
        made: Ceph = request.getfixturevalue("ceph")
        yield on_ceph(made, tmp_path)
        made.empty_pool()
    else:
        yield local_rig(request.param, tmp_path)


def on_ceph(ceph: Ceph, folder: Path) -> Rig:
    access = Access(ceph_rigs.POOL, ceph_rigs.USER, ceph.conf, ceph.keyring)
    driver = CephDriver(access, folder / "work")
    driver.open()
    return Rig(driver, folder, ceph)


def local_rig(kind: str, tmp_path: Path) -> Rig:
    if kind == "fake":
        return Rig(FakeDriver(tmp_path), tmp_path)
    driver = FileDriver(tmp_path / "volumes", reserve_bytes=0)
    driver.open()
    return Rig(driver, tmp_path)


def raw_image(folder: Path, letter: str = "i") -> ImageData:
    path = folder / "image"
    path.write_bytes(letter.encode() * CHUNK_BYTES)
    return ImageData("img", path, "raw", CHUNK_BYTES)


async def extents_of(*pairs: tuple[int, str]) -> AsyncIterator[tuple[int, bytes]]:
    for chunk, letter in pairs:
        yield chunk * CHUNK_BYTES, letter.encode() * CHUNK_BYTES


async def test_a_new_volume_is_zeros_even_where_another_was(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "s")
    await rig.driver.delete("a")

    await rig.driver.create("b", SIZE)

    assert await rig.read("b") == {}
    assert (await rig.driver.connect("b", read_only=True)).size_bytes == SIZE


async def test_a_volume_of_an_image_outlives_it(rig: Rig) -> None:
    image = raw_image(rig.folder)
    await rig.driver.create_from_image("a", SIZE, image)
    await rig.driver.create_from_image("b", SIZE, image)
    await rig.write("a", "x")
    image.path.unlink()

    assert await rig.read("a") == {0: "x"}
    assert await rig.read("b") == {0: "i"}


async def test_a_snapshot_stays_what_it_was(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.snapshot("s", "a")
    await rig.write("a", "2", 1)

    assert await rig.read_snapshot("s") == {0: "1"}
    assert await rig.read("a") == {0: "1", 1: "2"}


async def test_volumes_of_a_snapshot_stay_whole_without_it(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.snapshot("s", "a")
    await rig.driver.create_from_snapshot("b", 2 * SIZE, "s")
    await rig.write("b", "b", 1)

    await rig.driver.delete_snapshot("s")
    await rig.driver.delete("a")

    assert await rig.read("b") == {0: "1", 1: "b"}
    assert (await rig.driver.connect("b", read_only=False)).size_bytes == 2 * SIZE
    with pytest.raises(NotFound):
        await rig.driver.connect("a", read_only=False)


async def test_a_clone_and_its_source_go_their_own_ways(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.clone("b", SIZE, "a")
    await rig.write("a", "2")
    await rig.write("b", "3", 1)

    assert await rig.read("a") == {0: "2"}
    assert await rig.read("b") == {0: "1", 1: "3"}
    await rig.driver.delete("a")
    assert await rig.read("b") == {0: "1", 1: "3"}


async def test_a_volume_grows_with_zeros(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.extend("a", 2 * SIZE)
    await rig.driver.snapshot("s", "a")
    await rig.driver.extend("a", 3 * SIZE)
    await rig.driver.extend("a", SIZE)  # it never shrinks
    last = 3 * SIZE // CHUNK_BYTES - 1
    await rig.write("a", "z", last)

    assert await rig.read("a") == {0: "1", last: "z"}
    assert (await rig.driver.connect("a", read_only=False)).size_bytes == 3 * SIZE


async def test_a_volume_goes_back_to_its_snapshot(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.snapshot("s", "a")
    await rig.write("a", "2")
    await rig.driver.extend("a", 2 * SIZE)

    for _ in range(2):
        await rig.driver.revert("a", "s", "op")

    assert await rig.read("a") == {0: "1"}
    assert (await rig.driver.connect("a", read_only=False)).size_bytes == 2 * SIZE


async def test_contents_are_replaced_as_a_whole(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1", 2)

    await rig.driver.replace("a", SIZE, "op1", extents_of((0, "n"), (3, "m")))
    assert await rig.read("a") == {0: "n", 3: "m"}
    await rig.driver.replace("a", SIZE, "op2", raw_image(rig.folder))
    assert await rig.read("a") == {0: "i"}

    async def broken() -> AsyncIterator[tuple[int, bytes]]:
        yield 0, b"q" * CHUNK_BYTES
        raise Failed("The source is gone.")

    with pytest.raises(Failed):
        await rig.driver.replace("a", SIZE, "op3", broken())
    assert await rig.read("a") == {0: "i"}


async def test_contents_come_out_as_an_image(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.snapshot("s", "a")

    async with rig.driver.read("a", "upload") as contents:
        path = await contents.as_image("raw")
        data = path.read_bytes()

    assert (len(data), data[:1], data[CHUNK_BYTES:].strip(b"\0")) == (SIZE, b"1", b"")
    assert not path.exists()


async def test_an_abandoned_volume_can_be_adopted(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.snapshot("s", "a")
    await rig.driver.delete_snapshot("s")
    await rig.driver.abandon("a")

    kept = (await rig.driver.census()).kept
    assert kept == {"volume-a": SIZE}
    assert await rig.driver.adopt("b", "volume-a") == SIZE
    assert await rig.read("b") == {0: "1"}
    with pytest.raises(NotFound):
        await rig.driver.adopt("c", "volume-a")


async def test_every_verb_may_be_repeated(rig: Rig) -> None:
    for _ in range(2):
        await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    for _ in range(2):
        await rig.driver.snapshot("s", "a")
        await rig.driver.create_from_snapshot("b", SIZE, "s")
        await rig.driver.clone("c", SIZE, "a")
        await rig.driver.extend("c", 2 * SIZE)
    for name in ("a", "b", "c"):
        assert await rig.read(name) == {0: "1"}
    for _ in range(2):
        await rig.driver.delete_snapshot("s")
        for name in ("a", "b", "c"):
            await rig.driver.delete(name)
    census = await rig.driver.census()
    assert (census.volumes, census.snapshots, census.strays) == (set(), set(), set())


async def test_a_guest_is_asked_before_the_volume_changes_under_it(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    seen: list[Connection] = []

    class Guest:
        async def switch(self, connection: Connection) -> None:
            seen.append(connection)
            write(rig, connection, "2", 1)

        async def grow(self, connection: Connection) -> None:
            seen.append(connection)

    await rig.driver.snapshot("s", "a", Guest())
    if rig.ceph is not None:  # it freezes what a guest has open without a word to it
        await rig.driver.extend("a", 2 * SIZE, Guest())
        assert [one.size_bytes for one in seen] == [2 * SIZE]
        return

    assert len(seen) == 1
    assert await rig.read("a") == {0: "1", 1: "2"}


async def test_a_guest_that_did_not_answer_loses_nothing(rig: Rig) -> None:
    """Whether it switched or not: the volume stands on what was written, and the next try works."""
    if rig.ceph is not None:
        pytest.skip("no guest is asked")
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    before = await rig.driver.connect("a", read_only=False)

    class Silent:
        def __init__(self, *, switches: bool) -> None:
            self.switches = switches

        async def switch(self, connection: Connection) -> None:
            if self.switches:
                write(rig, connection, "2", 1)
            raise Failed("The host does not answer.")

        async def grow(self, connection: Connection) -> None:
            raise Failed("The host does not answer.")

    for name, switches in (("s1", True), ("s2", False)):
        with pytest.raises(Failed):
            await rig.driver.snapshot(name, "a", Silent(switches=switches))
        await rig.driver.delete_snapshot(name)
    if before.driver == "file":
        assert (await rig.read("a"))[1] == "2"
    await rig.driver.snapshot("s3", "a")
    assert (await rig.read("a"))[0] == "1"


class TestFiles:
    """What only files have: their names, their crashes, and what must not be in them."""

    async def test_no_format_is_guessed_and_no_name_inside_is_believed(
        self, tmp_path: Path
    ) -> None:
        """A guest that writes a qcow2 header into its volume gets its own bytes back."""
        secret = tmp_path / "secret"
        secret.write_bytes(b"s" * CHUNK_BYTES)
        driver = FileDriver(tmp_path / "volumes", reserve_bytes=0)
        driver.open()
        await driver.create("a", SIZE)
        head = (await driver.connect("a", read_only=False)).layers[0]
        evil = tmp_path / "evil"
        make = ("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(secret), "-F", "raw")
        subprocess.run((*make, str(evil)), check=True)
        with Path(head.path).open("r+b") as file:
            file.write(evil.read_bytes())

        await driver.snapshot("s", "a")
        await driver.clone("b", SIZE, "a")

        async with driver.read("b", "m") as contents:
            path = await contents.as_image("raw")
            assert path.read_bytes()[:4] == b"QFI\xfb"
            assert b"ssss" not in path.read_bytes()
        chain = (await driver.connect("b", read_only=False)).layers
        assert [layer.format for layer in chain] == ["qcow2", "qcow2", "raw"]

    async def test_a_new_start_finds_all_of_it(self, tmp_path: Path) -> None:
        first = Rig(FileDriver(tmp_path / "volumes", reserve_bytes=0), tmp_path)
        assert isinstance(first.driver, FileDriver)
        first.driver.open()
        await first.driver.create("a", SIZE)
        await first.write("a", "1")
        await first.driver.snapshot("s", "a")
        await first.driver.clone("b", SIZE, "a")
        (tmp_path / "volumes" / "work" / "half").write_bytes(b"x")

        again = FileDriver(tmp_path / "volumes", reserve_bytes=0)
        again.open()
        second = Rig(again, tmp_path)

        assert await second.read("a") == await second.read("b") == {0: "1"}
        assert not (tmp_path / "volumes" / "work" / "half").exists()
        for done in (again.delete("a"), again.delete_snapshot("s"), again.delete("b")):
            await done
        assert list((tmp_path / "volumes" / "layers").iterdir()) == []

    async def test_a_clone_costs_no_more_for_a_large_volume(self, tmp_path: Path) -> None:
        driver = FileDriver(tmp_path / "volumes", reserve_bytes=0)
        driver.open()
        await driver.create("a", 10 << 40)
        await driver.clone("b", 10 << 40, "a")
        used = sum(path.stat().st_blocks for path in (tmp_path / "volumes" / "layers").iterdir())
        assert used * 512 < 4 << 20

    @pytest.mark.parametrize("verb", ["snapshot", "clone", "create_from_snapshot", "extend"])
    async def test_a_crash_at_any_file_leaves_the_volume_whole(
        self, tmp_path: Path, verb: str
    ) -> None:
        """The process ends at the nth change of the disk; the next one does the verb again."""
        for fatal in range(1, 30):
            folder = tmp_path / f"{fatal}"
            survived = await crash(folder, verb, fatal)
            driver = FileDriver(folder, reserve_bytes=0)
            driver.open()
            rig = Rig(driver, tmp_path)
            assert await rig.read("a") == {0: "1"}
            await perform(driver, verb)
            assert await rig.read("a") == {0: "1"}
            for name in ("a", "b"):
                await driver.delete(name)
            for name in ("s", "t"):
                await driver.delete_snapshot(name)
            await driver.tidy((await driver.census()).strays)
            assert list((folder / "layers").iterdir()) == []
            if survived:
                return
        raise AssertionError("it never came to its end")


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("ceph")
@pytest.mark.parametrize(
    "verb", ["snapshot", "clone", "create_from_snapshot", "extend", "revert", "replace"]
)
async def test_a_crash_at_any_command_leaves_a_volume_on_ceph_whole(
    ceph: Ceph, tmp_path: Path, verb: str
) -> None:
    """The process ends before the nth command; the next one does the verb again."""
    for fatal in range(1, 40):
        rig = on_ceph(ceph, tmp_path)
        assert isinstance(rig.driver, CephDriver)
        await rig.driver.create("a", SIZE)
        await rig.write("a", "1")
        await rig.driver.snapshot("s", "a")
        rig.driver.on_change(countdown(fatal))
        try:
            await perform(rig.driver, verb)
            survived = True
        except Crash:
            survived = False
        rig = on_ceph(ceph, tmp_path)
        assert await rig.read("a") in ([{0: "1"}, {0: "n"}] if verb == "replace" else [{0: "1"}])
        await perform(rig.driver, verb)
        assert await rig.read("a") == {0: "n" if verb == "replace" else "1"}
        for name in ("b", "a"):
            await rig.driver.delete(name)
        for name in ("s", "t"):
            await rig.driver.delete_snapshot(name)
        await rig.driver.tidy((await rig.driver.census()).strays)
        assert ceph.images() == [], (verb, fatal)
        if survived:
            return
    raise AssertionError("it never came to its end")


def countdown(fatal: int) -> Callable[[], None]:
    left = fatal

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    return count


class Crash(BaseException):
    pass


async def perform(driver: VolumeDriver, verb: str) -> None:
    steps: dict[str, Callable[[], Any]] = {
        "snapshot": lambda: driver.snapshot("t", "a"),
        "clone": lambda: driver.clone("b", SIZE, "a"),
        "create_from_snapshot": lambda: driver.create_from_snapshot("b", SIZE, "s"),
        "extend": lambda: driver.extend("a", 2 * SIZE),
        "revert": lambda: driver.revert("a", "s", "op"),
        "replace": lambda: driver.replace("a", SIZE, "op", extents_of((0, "n"))),
    }
    await steps[verb]()


async def crash(folder: Path, verb: str, fatal: int) -> bool:
    """Whether the verb came to its end before the `fatal`th change."""
    driver = FileDriver(folder, reserve_bytes=0)
    driver.open()
    rig = Rig(driver, folder)
    await driver.create("a", SIZE)
    await rig.write("a", "1")
    await driver.snapshot("s", "a")
    driver.on_change(countdown(fatal))
    try:
        await asyncio.wait_for(perform(driver, verb), 20)
    except Crash:
        return False
    return True

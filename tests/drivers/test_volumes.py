"""Every volume driver does the same: one suite, with bytes written and read as a guest would."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.drivers.ceph_rigs import Ceph
from tests.drivers.volume_rigs import (
    SIZE,
    Rig,
    ceph,
    extents_of,
    local_rig,
    on_ceph,
    raw_image,
    write,
)
from unkai.block_storage.connection import Connection
from unkai.block_storage.drivers.base import KeptSnapshot
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.block_storage.drivers.file import FileDriver
from unkai.kit.errors import Failed, NotFound

__all__ = ["ceph"]
pytestmark = pytest.mark.anyio


ON_CEPH = pytest.param("ceph", marks=[pytest.mark.soak, pytest.mark.xdist_group("ceph")])


@pytest.fixture(params=["fake", "file", ON_CEPH])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "ceph":
        made: Ceph = request.getfixturevalue("ceph")
        yield on_ceph(made, tmp_path)
        made.empty_pool()
    else:
        yield local_rig(request.param, tmp_path)


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


async def test_a_snapshot_is_given_up_and_taken_back(rig: Rig) -> None:
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.snapshot("s", "a")
    await rig.write("a", "2")
    for _ in range(2):
        await rig.driver.rename_snapshot("s", "_snapshot-s")
    census = await rig.driver.census()
    assert census.snapshots == frozenset() and census.strays == frozenset()
    assert census.kept_snapshots == {"_snapshot-s": KeptSnapshot("a", SIZE)}

    for _ in range(2):
        await rig.driver.rename_snapshot("_snapshot-s", "t")
    with pytest.raises(NotFound):
        await rig.driver.rename_snapshot("_snapshot-s", "u")
    assert await rig.read_snapshot("t") == {0: "1"}
    await rig.driver.create_from_snapshot("b", SIZE, "t")
    await rig.driver.rename_snapshot("t", "_snapshot-t")
    for name in ("a", "b"):
        await rig.driver.delete(name)
    assert (await rig.driver.census()).kept_snapshots == {}
    if rig.ceph is not None:
        assert rig.ceph.images() == []


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

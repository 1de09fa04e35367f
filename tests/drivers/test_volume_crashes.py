"""The process ends in the middle of a driver's work; the next one finds each volume whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.drivers import ceph_rigs
from tests.drivers.ceph_rigs import Ceph
from tests.drivers.volume_rigs import (
    SIZE,
    Rig,
    ceph,
    extents_of,
    on_ceph,
)
from unkai.block_storage.drivers.base import VolumeDriver
from unkai.block_storage.drivers.ceph import CephDriver
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.rbd import Access
from unkai.kit.errors import Failed, Unavailable

__all__ = ["ceph"]
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("verb", ["snapshot", "clone", "create_from_snapshot", "extend"])
async def test_a_crash_at_any_file_leaves_the_volume_whole(tmp_path: Path, verb: str) -> None:
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


@pytest.mark.soak
@pytest.mark.xdist_group("ceph")
async def test_a_cluster_that_lets_nobody_in_is_not_taken_for_an_empty_one(
    ceph: Ceph, tmp_path: Path
) -> None:
    rig = on_ceph(ceph, tmp_path / "in")
    await rig.driver.create("a", SIZE)
    await rig.write("a", "1")
    await rig.driver.snapshot("s", "a")
    keyring = tmp_path / "keyring"
    keyring.write_text(f"[client.{ceph_rigs.USER}]\n\tkey = AQ{'A' * 36}==\n")
    access = Access(ceph_rigs.POOL, ceph_rigs.USER, ceph.conf, keyring)
    outside = CephDriver(access, tmp_path / "out")
    for verb in (
        outside.census(),
        outside.delete("a"),
        outside.delete_snapshot("s"),
        outside.create("b", SIZE),
        outside.replace("a", SIZE, "op", extents_of((0, "n"))),
        outside.tidy(frozenset({"unkai.a"})),
        outside.connect("a", read_only=False),
    ):
        with pytest.raises((Unavailable, Failed)):
            await verb

    assert await rig.read("a") == await rig.read_snapshot("s") == {0: "1"}
    await rig.driver.delete_snapshot("s")
    await rig.driver.delete("a")
    assert ceph.images() == []

"""Snapshots come and go; what a volume stands on does not grow without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drivers.test_encrypted_volumes import FIRST, PART, SIZE, SomeKeys, holds, write
from unkai.block_storage.drivers import merging
from unkai.block_storage.drivers.base import Encryption, ImageData
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.merging import LONG

pytestmark = pytest.mark.anyio


def opened(folder: Path) -> FileDriver:
    made = FileDriver(folder, reserve_bytes=0, keys=SomeKeys())
    made.open()
    return made


@pytest.fixture
def driver(tmp_path: Path) -> FileDriver:
    return opened(tmp_path / "volumes")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> int:
    """Work that begins earlier, for what needs no long chain."""
    monkeypatch.setattr(merging, "LONG", 4)
    return merging.LONG


async def depth(driver: FileDriver, volume_id: str) -> int:
    return len((await driver.connect(volume_id, read_only=True)).layers)


@pytest.mark.parametrize(("encryption", "times"), [(None, 5 * LONG), (FIRST, 2 * LONG)])
async def test_many_snapshots_leave_a_short_chain(
    driver: FileDriver, tmp_path: Path, encryption: Encryption | None, times: int
) -> None:
    await driver.create("a", SIZE, encryption)
    await write(driver, "a", "x")
    expected, deepest = ["x", ".", ".", "."], 0
    for number in range(times):
        await driver.snapshot(f"s{number}", "a")
        await driver.delete_snapshot(f"s{number}")
        if number % 5 == 0:
            part = 1 + number // 5 % 3
            expected[part] = chr(ord("a") + number % 26)
            await write(driver, "a", expected[part], part)
        deepest = max(deepest, await depth(driver, "a"))

    assert deepest <= LONG + 1
    assert await holds(driver, "a", "".join(expected))
    files = list((tmp_path / "volumes" / "layers").iterdir())
    assert len(files) == 2 * await depth(driver, "a")
    assert await holds(opened(tmp_path / "volumes"), "a", "".join(expected))


async def test_what_others_stand_on_is_not_written_to(
    driver: FileDriver, tmp_path: Path, soon: int
) -> None:
    """A snapshot in the middle, a clone, an image below: each shows what it did, and so goes on."""
    image = tmp_path / "image"
    image.write_bytes(b"i" * PART)
    await driver.create_from_image("a", SIZE, ImageData("img", image, "raw", PART))
    for number in range(3 * soon):
        await write(driver, "a", chr(ord("a") + number), 1)
        await driver.snapshot(f"s{number}", "a")
        if number == soon:
            await driver.clone("b", 2 * SIZE, "a")
        elif number != 2:
            await driver.delete_snapshot(f"s{number}")
    await driver.extend("a", 2 * SIZE)
    for number in range(2 * soon):
        await driver.snapshot(f"t{number}", "a")
        await driver.delete_snapshot(f"t{number}")

    assert await depth(driver, "a") <= soon + 4
    assert await holds(driver, "a", f"i{chr(ord('a') + 3 * soon - 1)}..")
    assert await holds(driver, "b", f"i{chr(ord('a') + soon)}..")
    await driver.create_from_snapshot("c", SIZE, "s2")
    assert await holds(driver, "c", "ic..")
    assert image.read_bytes() == b"i" * PART
    assert (await driver.census()).strays == frozenset()


async def test_a_line_of_clones_stays_short(driver: FileDriver, soon: int) -> None:
    """Each of the one before, which goes then."""
    await driver.create("v0", SIZE)
    await write(driver, "v0", "x")
    for number in range(3 * soon):
        await driver.clone(f"v{number + 1}", SIZE, f"v{number}")
        await driver.delete(f"v{number}")
        assert await depth(driver, f"v{number + 1}") <= soon + 2
    assert await holds(driver, f"v{3 * soon}", "x...")


async def test_a_crash_while_layers_are_merged_loses_nothing(tmp_path: Path, soon: int) -> None:
    """At every change of the disk; the next start goes on."""
    at = 0
    while True:
        folder = tmp_path / f"try{at}"
        driver = opened(folder)
        await driver.create("a", SIZE)
        for number in range(soon):
            await write(driver, "a", chr(ord("a") + number), number % 3)
            await driver.snapshot(f"s{number}", "a")
            await driver.delete_snapshot(f"s{number}")
        left = at

        def crash() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise InterruptedError

        driver.on_change(crash)
        try:
            await driver.snapshot("last", "a")
        except InterruptedError:
            again = opened(folder)
            assert await holds(again, "a", "dbc.")
            await again.snapshot("last", "a")
            await again.tidy((await again.census()).strays)
            assert await holds(again, "a", "dbc.")
            assert (await again.census()).strays == frozenset()
            at += 4
            continue
        break
    assert at > 8

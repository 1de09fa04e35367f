"""Encrypted volumes as files: what QEMU wrote is read with the key, and found nowhere without."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from unkai.block_storage.connection import Connection
from unkai.block_storage.drivers.base import Encryption, Extent, ImageData, Sealed
from unkai.block_storage.drivers.contents import write_extents
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.qemu_img import opened
from unkai.kit.errors import Failed
from unkai.kit.secret import Secret

pytestmark = pytest.mark.anyio
SIZE, PART = 16 << 20, 1 << 20
FIRST, SECOND = Encryption("first", 256), Encryption("second", 512)
KEYS = {
    one.key_id: Secret(base64.b64encode(one.key_id.encode().ljust(32, b"k")).decode())
    for one in (FIRST, SECOND)
}


class SomeKeys:
    async def secret(self, key_id: str) -> Secret:
        return KEYS[key_id]


@pytest.fixture
def driver(tmp_path: Path) -> FileDriver:
    made = FileDriver(tmp_path / "volumes", reserve_bytes=0, keys=SomeKeys())
    made.open()
    return made


def ask(connection: Connection, key: Secret | None, *orders: str) -> str:
    """What QEMU says to these orders; "" where it can do them all."""
    words, fd = ["qemu-io"], os.memfd_create("key")
    try:
        if key is not None:
            os.write(fd, key.value.encode())
            words += ["--object", f"secret,id=key,format=base64,file=/proc/self/fd/{fd}"]
        words += [word for order in orders for word in ("-c", order)]
        words.append(opened(connection.layers))
        done = subprocess.run(words, check=False, capture_output=True, text=True, pass_fds=[fd])
    finally:
        os.close(fd)
    failed = done.returncode or "Pattern verification failed" in done.stdout
    return done.stdout + done.stderr if failed else ""


async def write(driver: FileDriver, volume_id: str, letter: str, part: int = 0) -> None:
    connection = await driver.connect(volume_id, read_only=False)
    key = (await driver.secrets(volume_id)).get("luks")
    assert ask(connection, key, f"write -P {ord(letter)} {part * PART} {PART}") == ""


async def holds(driver: FileDriver, volume_id: str, letters: str) -> bool:
    """A letter for each part, a dot for zeros."""
    connection = await driver.connect(volume_id, read_only=False)
    key = (await driver.secrets(volume_id)).get("luks")
    orders = [
        f"read -P {0 if letter == '.' else ord(letter)} {part * PART} {PART}"
        for part, letter in enumerate(letters)
    ]
    return ask(connection, key, *orders) == ""


def in_clear(folder: Path, letter: str) -> list[str]:
    """Files that have the letter as a guest wrote it."""
    wanted = letter.encode() * 512
    return [str(path) for path in folder.rglob("*") if path.is_file() and _has(path, wanted)]


def _has(path: Path, wanted: bytes) -> bool:
    return wanted in path.read_bytes()


@pytest.mark.parametrize("encryption", [FIRST, SECOND])
async def test_nothing_lies_in_clear(
    driver: FileDriver, tmp_path: Path, encryption: Encryption
) -> None:
    await driver.create("a", SIZE, encryption)
    await write(driver, "a", "1")
    await driver.snapshot("s", "a")
    await write(driver, "a", "2", 1)
    await driver.create_from_snapshot("b", 2 * SIZE, "s")
    await driver.clone("c", SIZE, "a")
    await write(driver, "c", "3", 2)
    for _ in range(2):
        await driver.extend("a", 2 * SIZE)
    await driver.revert("a", "s", "op")

    assert await holds(driver, "a", "1..")
    assert await holds(driver, "b", "1..")
    assert await holds(driver, "c", "123")
    assert (await driver.connect("a", read_only=False)).size_bytes == 2 * SIZE
    assert all(layer.encrypted for layer in (await driver.connect("c", read_only=True)).layers)
    assert [in_clear(tmp_path, letter) for letter in "123"] == [[], [], []]
    key = KEYS[encryption.key_id].value.encode()
    words = (key, base64.b64decode(key))
    for path in (tmp_path / "volumes").rglob("*.json"):
        assert not any(word in path.read_bytes() for word in words)


async def test_without_the_key_or_with_another_it_is_not_opened(driver: FileDriver) -> None:
    await driver.create("a", SIZE, FIRST)
    await write(driver, "a", "1")
    connection = await driver.connect("a", read_only=False)
    assert ask(connection, None, "read 0 512") != ""
    assert ask(connection, KEYS["second"], "read 0 512") != ""
    assert "Secret" in repr(KEYS["first"]) and KEYS["first"].value not in repr(KEYS["first"])


async def test_the_contents_of_an_image_are_encrypted(driver: FileDriver, tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    raw, qcow2 = images / "raw", images / "qcow2"
    raw.write_bytes(b"i" * PART)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", str(raw), str(qcow2)], check=True)
    await driver.create_from_image("a", SIZE, ImageData("r", raw, "raw", PART), FIRST)
    await driver.create_from_image("b", SIZE, ImageData("q", qcow2, "qcow2", PART), FIRST)
    await write(driver, "a", "x", 1)
    for _ in range(2):
        await driver.replace("b", SIZE, "op", ImageData("r", raw, "raw", PART))

    assert await holds(driver, "a", "ix.")
    assert await holds(driver, "b", "i..")
    assert [in_clear(tmp_path / "volumes", letter) for letter in "ix"] == [[], []]


async def test_a_volume_is_written_anew_for_another_encryption(
    driver: FileDriver, tmp_path: Path
) -> None:
    await driver.create("a", SIZE)
    await write(driver, "a", "1", 1)
    await driver.snapshot("s", "a")
    await driver.delete_snapshot("s")
    for _ in range(2):
        await driver.rewrite("a", "op1", FIRST)
    assert await holds(driver, "a", ".1.")
    assert in_clear(tmp_path, "1") == []
    assert await driver.secrets("a") == {"luks": KEYS["first"]}

    await driver.rewrite("a", "op2", None)
    assert await holds(driver, "a", ".1.")
    assert await driver.secrets("a") == {}
    await driver.delete("a")
    assert list((tmp_path / "volumes" / "layers").iterdir()) == []


async def test_no_copy_in_clear_is_made_of_it(driver: FileDriver) -> None:
    await driver.create("a", SIZE, FIRST)
    with pytest.raises(Failed) as refused:
        async with driver.read("a", "m"):
            pass
    assert refused.value.code == "volume-encrypted"


@pytest.mark.parametrize(("snapshot_id", "letters"), [(None, "x.y."), ("s", "x...")])
async def test_what_is_carried_elsewhere_stays_encrypted(
    driver: FileDriver, tmp_path: Path, snapshot_id: str | None, letters: str
) -> None:
    """A snapshot as it was, a volume as it is; back in another volume, which may be larger."""
    await driver.create("a", SIZE, FIRST)
    await write(driver, "a", "x")
    await driver.snapshot("s", "a")
    await write(driver, "a", "y", 2)
    carried = tmp_path / "elsewhere"
    async with driver.read_sealed("a", "out", snapshot_id) as contents:
        length = contents.size
        await write_extents(carried, length, contents.extents())
        assert in_clear(tmp_path, "x") == in_clear(tmp_path, "y") == []
        parts = [part async for part in contents.extents()]

    async def given() -> AsyncIterator[Extent]:
        for part in parts:
            yield part

    await driver.create("b", 2 * SIZE, SECOND)
    await driver.unseal("b", 2 * SIZE, "in", Sealed(given(), length), FIRST)

    assert await holds(driver, "b", letters)
    await write(driver, "b", "z", 2 * SIZE // PART - 1)
    assert (await driver.connect("b", read_only=False)).size_bytes == 2 * SIZE
    assert [path.name for path in (tmp_path / "volumes" / "work").iterdir()] == []
    assert in_clear(tmp_path, "x") == []


async def test_what_another_key_sealed_is_not_taken(driver: FileDriver) -> None:
    await driver.create("a", SIZE, FIRST)
    await write(driver, "a", "x")
    await driver.create("b", SIZE, SECOND)
    await write(driver, "b", "y")
    async with driver.read_sealed("a", "out") as contents:
        given = Sealed(contents.extents(), contents.size)
        with pytest.raises(Failed):
            await driver.unseal("b", SIZE, "in", given, SECOND)
    assert await holds(driver, "b", "y")


async def test_a_new_start_opens_it_with_its_key(driver: FileDriver, tmp_path: Path) -> None:
    await driver.create("a", SIZE, FIRST)
    await write(driver, "a", "1")
    again = FileDriver(tmp_path / "volumes", reserve_bytes=0, keys=SomeKeys())
    again.open()
    await again.snapshot("s", "a")
    assert await holds(again, "a", "1.")
    described = [
        json.loads(path.read_bytes()) for path in (tmp_path / "volumes/layers").glob("*.json")
    ]
    assert {one["encryption"]["key_id"] for one in described} == {"first"}

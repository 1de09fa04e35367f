"""Published flaws of volumes' drivers, tried on the files of ours; each test bears the advisory.

What else was published stands elsewhere: OSSA-2013-021 (a new volume shows what another left) in
`test_volumes.py::test_a_new_volume_is_zeros_even_where_another_was`, OSSA-2018-001 (a volume below
its cipher) in `test_attaching.py`, OSSA-2014-036 (passwords in the log) in
`tests/api/block_storage/test_encryption.py::test_nobody_is_shown_a_key_and_it_lies_sealed`, and
what images hide (CVE-2015-1851, CVE-2022-47951, CVE-2024-32498) in `test_image_inspection.py`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drivers import image_files as files
from unkai.block_storage.connection import Layer
from unkai.block_storage.drivers import qemu_img
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.block_storage.drivers.file import FileDriver
from unkai.kit.errors import Failed

pytestmark = pytest.mark.anyio
SIZE = 2 * CHUNK_BYTES
Header = Callable[[Path], bytes]
SECRET = b"of the host alone" * 4096


@pytest.fixture
def driver(tmp_path: Path) -> FileDriver:
    made = FileDriver(tmp_path / "volumes", reserve_bytes=0)
    made.open()
    return made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    return path


def _backed(secret: Path) -> bytes:
    name = str(secret).encode()
    place = (512).to_bytes(8, "big") + len(name).to_bytes(4, "big")
    return files.patched(files.qcow2(), (8, place), (512, name))


def _data_file(secret: Path) -> bytes:
    return files.qcow2(files.extension(0x44415441, str(secret).encode()), incompatible=4)


def _flat(secret: Path) -> bytes:
    extent = f'RW {len(SECRET) // 512} FLAT "{secret}" 0'
    text = files.DESCRIPTOR.replace("monolithicSparse", "monolithicFlat")
    return text.replace('RW 16384 SPARSE "disk.vmdk"', extent).encode()


async def _contents(driver: FileDriver, volume_id: str) -> bytes:
    found = bytearray(SIZE)
    async with driver.read(volume_id, f"read-{volume_id}") as contents:
        async for offset, data in contents.extents():
            found[offset : offset + len(data)] = data
    return bytes(found)


@pytest.mark.parametrize("header", [_backed, _data_file, _flat])
async def test_what_a_guest_writes_is_never_taken_for_a_format(
    driver: FileDriver, secret: Path, tmp_path: Path, header: Header
) -> None:
    """OSSA-2014-033, OSSA-2015-011, OSSA-2023-002, OSSA-2024-001: a header names a host's file."""
    wrote: bytes = header(secret)
    expected = wrote.ljust(SIZE, b"\0")
    await driver.create("a", SIZE)
    Path((await driver.connect("a", read_only=False)).layers[0].path).write_bytes(expected)

    await driver.snapshot("s", "a")
    await driver.clone("b", SIZE, "a")
    await driver.create_from_snapshot("c", SIZE, "s")
    await driver.rewrite("b", "again", None)
    await driver.revert("a", "s", "back")
    await driver.extend("a", SIZE)

    for volume_id in "abc":
        assert await _contents(driver, volume_id) == expected
    for disk_format in ("raw", "qcow2"):
        async with driver.read("a", "image") as contents:
            image = await contents.as_image(disk_format)
            assert SECRET[:4096] not in image.read_bytes()
            words = ("qemu-img", "info", "-f", disk_format, str(image))
            told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            assert str(secret) not in told
    ours = (path for path in (tmp_path / "volumes").rglob("*") if path.is_file())
    assert not any(SECRET[:4096] in path.read_bytes() for path in ours)


@pytest.mark.parametrize("header", [_backed, _data_file])
async def test_names_in_a_layers_own_header_are_not_followed(
    driver: FileDriver, secret: Path, header: Header
) -> None:
    """The same, by a QEMU that its guest broke out of: it may write its own layer's header."""
    await driver.create("a", SIZE)
    await driver.snapshot("s", "a")
    top = Path((await driver.connect("a", read_only=False)).layers[0].path)
    top.write_bytes(header(secret))

    if header is _data_file:
        with pytest.raises(Failed) as refused:
            await _contents(driver, "a")
        assert refused.value.code == "layer-damaged"
    else:
        assert await _contents(driver, "a") == bytes(SIZE)


async def test_reading_what_tenants_wrote_has_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OSSA-2016-012: memory and time of qemu-img are bounded, whatever it reads."""
    bin_dir, said = tmp_path / "bin", tmp_path / "limits"
    bin_dir.mkdir()
    played = bin_dir / "qemu-img"
    played.write_text(f'#!/bin/sh\n(ulimit -v; ulimit -t; ulimit -c) > "{said}"\n')
    played.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_dir), prepend=":")

    await qemu_img.convert((Layer(path="a", format="raw"),), tmp_path / "b", "raw")

    memory_kib, seconds, core = said.read_text().split()
    assert int(memory_kib) * 1024 == qemu_img.MEMORY_BYTES
    assert (int(seconds), int(core)) == (qemu_img.TIMEOUT_S, 0)

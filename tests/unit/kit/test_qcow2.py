"""Our empty qcow2 is what qemu-img says it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from unkai.kit.clock import Chance
from unkai.kit.luks import make_header
from unkai.kit.qcow2 import lengthen, size_of, write_empty

pytestmark = pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-img is not installed")
GIB = 1 << 30


def ask(verb: str, path: Path) -> dict[str, object]:
    words = ["qemu-img", verb, "--output=json", str(path)]
    return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)


@pytest.mark.parametrize("size", [512, 1000, GIB, GIB // 2 + 1, 9 * 1024 * GIB])
def test_an_empty_disk(tmp_path: Path, size: int) -> None:
    disk = tmp_path / "disk"
    write_empty(disk, size)
    found = ask("info", disk)
    assert found["format"] == "qcow2"
    assert found["virtual-size"] == (size + 511) // 512 * 512
    assert "backing-filename" not in found
    assert ask("check", disk)["check-errors"] == 0
    assert not {"leaks", "corruptions"} & ask("check", disk).keys()


@pytest.mark.parametrize("kind", ["raw", "qcow2"])
def test_what_is_below_shows_through(tmp_path: Path, kind: str) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(bytes(range(256)) * 4096)
    below = tmp_path / "below"
    words = ["qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(below)]
    subprocess.run(words, check=True)
    disk = tmp_path / "disk"
    write_empty(disk, 1 << 20, ("below", kind))
    found = ask("info", disk)
    assert (found["backing-filename"], found["backing-filename-format"]) == ("below", kind)
    words = ["qemu-img", "compare", "-f", "qcow2", "-F", "raw", str(disk), str(raw)]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(("size", "more"), [(512, 1000), (GIB, 9 * GIB + 1), (2 * GIB, 4096 * GIB)])
def test_a_disk_is_made_larger(tmp_path: Path, size: int, more: int, *, encrypted: bool) -> None:
    disk, key = tmp_path / "disk", b"0123456789abcdef0123456789abcdef"
    write_empty(disk, size, None, make_header(key, 256, Chance()) if encrypted else None)
    (tmp_path / "key").write_bytes(key)
    secret = f"secret,id=k,file={tmp_path / 'key'}"
    place = f"driver=qcow2,file.filename={disk}" + (",encrypt.key-secret=k" if encrypted else "")
    io = ["qemu-io", "--object", secret, "--image-opts"]
    subprocess.run([*io, "-c", "write -P 7 0 512", place], check=True, capture_output=True)
    for _ in range(2):
        assert lengthen(disk, more)
    assert size_of(disk) == ask("info", disk)["virtual-size"] == (more + 511) // 512 * 512
    last = (more - 1) // 512 * 512
    orders = ["read -P 7 0 512", f"read -P 0 {last} 512", f"write -P 8 {last} 512"]
    orders += [f"read -P 8 {last} 512", "read -P 7 0 512"]
    said = [word for order in orders for word in ("-c", order)]
    found = subprocess.run([*io, *said, place], check=True, capture_output=True, text=True)
    assert "verification failed" not in found.stdout
    words = ["qemu-img", "check", "--object", secret, "--image-opts", place]
    assert "No errors" in subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_what_is_qemus_to_make_larger(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    write_empty(disk, GIB)
    assert lengthen(disk, 512) and size_of(disk) == GIB
    assert not lengthen(disk, 5 * 1024 * GIB) and size_of(disk) == GIB
    disk.write_bytes(b"no image".ljust(1000))
    with pytest.raises(ValueError, match="no qcow2"):
        lengthen(disk, 2 * GIB)


def test_what_is_written_stays_and_the_file_stays_sound(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    write_empty(disk, 2 * GIB)
    words = ["qemu-io", "-c", "write -P 7 1G 1M", "-c", "read -vP 7 1G 1M", str(disk)]
    subprocess.run(words, check=True, capture_output=True)
    assert ask("check", disk)["allocated-clusters"] == 16

"""Our empty qcow2 is what qemu-img says it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from unkai.kit.qcow2 import write_empty

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


def test_what_is_written_stays_and_the_file_stays_sound(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    write_empty(disk, 2 * GIB)
    words = ["qemu-io", "-c", "write -P 7 1G 1M", "-c", "read -vP 7 1G 1M", str(disk)]
    subprocess.run(words, check=True, capture_output=True)
    assert ask("check", disk)["allocated-clusters"] == 16

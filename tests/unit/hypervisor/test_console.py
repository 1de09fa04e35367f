"""The console's ring."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from unkai.hypervisor.console import last_lines, renew, tail, trim

LIMIT = 64 * 1024


def test_what_is_trimmed_while_written_loses_nothing_of_the_end(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    with path.open("ab", buffering=0) as log:
        for number in range(40_000):
            log.write(b"line %07d\n" % number)
            if number % 1000 == 0:
                trim(path, LIMIT)
    trim(path, LIMIT)

    assert path.stat().st_blocks * 512 <= 2 * LIMIT
    lines = tail(path, LIMIT).decode().splitlines()
    assert lines[-1] == "line 0039999"
    assert [int(line.split()[1]) for line in lines] == list(range(40_000 - len(lines), 40_000))
    assert len(lines) > 4000


def test_a_fresh_file_keeps_the_end(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(b"x" * LIMIT + b"\nlast\n")
    trim(path, 4096)
    renew(path, None, 4096)
    assert path.read_bytes().endswith(b"last\n")
    assert path.stat().st_size <= 4096
    assert list(tmp_path.iterdir()) == [path]


def test_no_log_yet(tmp_path: Path) -> None:
    assert tail(tmp_path / "console.log") == b""
    trim(tmp_path / "console.log")
    renew(tmp_path / "console.log", None)
    assert tail(tmp_path / "console.log") == b""


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    os.symlink(secret, tmp_path / "console.log")
    with pytest.raises(OSError, match="symbolic"):
        tail(tmp_path / "console.log")


def test_last_lines() -> None:
    assert last_lines("a\nb\nc", 2) == "b\nc"
    assert last_lines("a\nb\n", None) == "a\nb\n"
    assert last_lines("a\nb\n", 0) == ""
    assert last_lines("a", 5) == "a"

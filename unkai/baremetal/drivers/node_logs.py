"""What machines said, in bounded files: console and agent, a folder for each node.

A log is two files of half its size: the newer is written, the older dropped, so that a machine that
never stops talking fills no disk. `turn_page` begins a new console log where another one's use of
the machine begins; what was before is kept once, and once more what was said before a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 1 << 20
CONSOLE, BEFORE, FAILED, AGENT = "console", "console-before", "console-failed", "agent"
NAMES: Final = (CONSOLE, BEFORE, FAILED, AGENT)


@dataclass(frozen=True, slots=True)
class KeptLog:
    """changed_at: seconds since 1970."""

    name: str
    size_bytes: int
    changed_at: float


class NodeLogs:
    """folder: ours alone; made at the first word."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._half = most_bytes // 2

    def append(self, uuid: str, name: str, data: bytes) -> None:
        """A few hundred bytes into the page cache: no thread is worth it."""
        path = self._path(uuid, name)
        try:
            descriptor = _open(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = _open(path)
        try:
            os.write(descriptor, data[-self._half :])
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if size >= self._half:
            path.replace(_older(path))

    def replace(self, uuid: str, name: str, data: bytes) -> None:
        self._remove(uuid, name)
        self.append(uuid, name, data)

    def read(self, uuid: str, name: str) -> bytes:
        """All that is kept of it, oldest first; empty if nothing was said."""
        path = self._path(uuid, name)
        return _read(_older(path)) + _read(path)

    def turn_page(self, uuid: str) -> None:
        """From here on the console speaks of something new; safe to run twice."""
        said = self.read(uuid, CONSOLE)
        if said:
            self.replace(uuid, BEFORE, said)
            self._remove(uuid, CONSOLE)

    def keep_failure(self, uuid: str) -> None:
        """What the console said until now, beyond the next turn of the page."""
        said = self.read(uuid, CONSOLE)
        if said:
            self.replace(uuid, FAILED, said)

    def list(self, uuid: str) -> list[KeptLog]:
        found: list[KeptLog] = []
        for name in NAMES:
            path = self._path(uuid, name)
            parts = [one.stat() for one in (_older(path), path) if one.exists()]
            if parts:
                size = sum(part.st_size for part in parts)
                found.append(KeptLog(name, size, max(part.st_mtime for part in parts)))
        return found

    def forget(self, keep: Collection[str]) -> None:
        """Drop the logs of nodes that are no more."""
        if self._folder.exists():
            for path in self._folder.iterdir():
                if path.name not in keep:
                    shutil.rmtree(path, ignore_errors=True)

    def _remove(self, uuid: str, name: str) -> None:
        path = self._path(uuid, name)
        path.unlink(missing_ok=True)
        _older(path).unlink(missing_ok=True)

    def _path(self, uuid: str, name: str) -> Path:
        assert name in NAMES, name
        return self._folder / uuid / f"{name}.log"


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _older(path: Path) -> Path:
    return path.with_suffix(".log.1")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""

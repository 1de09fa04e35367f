"""Packages that are only unpacked."""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path

import pytest

from unkai.guests import debian


def test_what_another_fetches_is_waited_for(tmp_path: Path) -> None:
    package = "unkai-no-such-package"
    with ThreadPoolExecutor(1) as threads, debian.lock_of(package, tmp_path).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpacked = threads.submit(debian.unpacked, package, tmp_path)
        with pytest.raises(NotYet):
            unpacked.result(timeout=0.5)
        (tmp_path / package).mkdir()
        fcntl.flock(lock, fcntl.LOCK_UN)

        assert unpacked.result(timeout=60) == tmp_path / package

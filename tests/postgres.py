"""A PostgreSQL cluster of the tests' own, in a folder of theirs, on a UNIX socket only.

The folder's name says whose it is, so that the next run removes what a killed one left.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PREFIX = "unkai-pg-"


def programs() -> Path | None:
    """The newest installed PostgreSQL's bin folder."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    return Path(found[-1]) if found else None


def _as_postgres(command: list[str]) -> None:
    """PostgreSQL refuses to run as root."""
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        cwd="/",
        **(user if os.geteuid() == 0 else {}),
    )


@contextmanager
def cluster() -> Generator[str]:
    """The folder of a running cluster's socket; stopped and removed afterwards."""
    bin_dir = programs()
    assert bin_dir is not None, "PostgreSQL is not installed"
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = str(folder / "data")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
    try:
        _as_postgres([f"{bin_dir}/initdb", "-D", data, "-U", "unkai", "-A", "trust", "-N"])
        start = ["-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start"]
        _as_postgres([f"{bin_dir}/pg_ctl", *start])
        try:
            yield str(folder)
        finally:
            _stop(bin_dir, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Stop and remove the clusters of test processes that are no more."""
    bin_dir = programs()
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if bin_dir is None or not owner.isdigit() or Path("/proc", owner).exists():
            continue
        with suppress(subprocess.CalledProcessError):  # it never started, or another sweeps it too
            _stop(bin_dir, folder)
        shutil.rmtree(folder, ignore_errors=True)


def _stop(bin_dir: Path, folder: Path) -> None:
    stop = ["-D", str(folder / "data"), "-m", "immediate", "-w", "stop"]
    _as_postgres([f"{bin_dir}/pg_ctl", *stop])


def make_database(socket_folder: str, name: str) -> str:
    """A fresh database's URL."""
    bin_dir = programs()
    subprocess.run(
        [f"{bin_dir}/createdb", "-h", socket_folder, "-U", "unkai", name], check=True, timeout=30
    )
    return f"postgresql+asyncpg://unkai@/{name}?host={socket_folder}"

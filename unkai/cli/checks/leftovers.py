"""What an earlier run left: nothing should be there when no cloud runs."""

from __future__ import annotations

import contextlib
from pathlib import Path

from unkai.cli.checks.model import Check, ok, warn
from unkai.cli.running import find_cloud
from unkai.kit import netns
from unkai.settings import Settings


def check_leftovers(settings: Settings) -> Check:
    """This cloud's namespace, run folder and processes."""
    if find_cloud(settings) is not None:
        return ok("leftovers", "the cloud runs; unkai audit compares")
    found = list_leftovers(settings)
    if not found:
        return ok("leftovers", "none of an earlier run")
    return warn(
        "leftovers",
        "of an earlier run: " + ", ".join(found),
        f"unkai up takes them over; unkai down --state-dir {settings.state_dir} removes them",
    )


def list_leftovers(settings: Settings) -> list[str]:
    """What still stands of this cloud outside its state folder, in words."""
    found: list[str] = []
    if netns.exists(settings.namespace):
        found.append(f"namespace {settings.namespace}")
    if settings.run_dir.exists():
        found.append(f"folder {settings.run_dir}")
    found += [f"process {pid}" for pid in _processes_naming(str(settings.run_dir))]
    return found


def _processes_naming(text: str) -> list[int]:
    """Processes whose command line names our run folder, which is nobody else's."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if text.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return sorted(found)

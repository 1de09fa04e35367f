"""What a cloud has on the machine, looked for from outside: by nobody's word but the kernel's."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from unkai.hypervisor.local import mark_of
from unkai.settings import Settings, load_settings


def remains_of(state_dir: Path) -> list[str]:
    """Processes, namespaces with all in them, mounts and folders of that cloud."""
    settings = load_settings(state_dir, environ={})
    return [
        *(f"process {pid}: {words}" for pid, words in _processes(settings)),
        *(f"namespace {path.name}" for path in Path("/run/netns").glob(f"{settings.namespace}*")),
        *(f"mount {line}" for line in _mounts(settings)),
        *(f"folder {path}" for path in (state_dir, settings.run_dir) if path.exists()),
    ]


def _processes(settings: Settings) -> list[tuple[int, str]]:
    """By command line: daemons name the run folder, guests their mark, the cloud its folder."""
    signs = (
        str(settings.run_dir),
        str(settings.state_dir),
        mark_of(settings.state_dir / "guests"),
    )
    found: list[tuple[int, str]] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if any(sign in words for sign in signs):
                found.append((int(entry.name), words[:120]))
    return found


def _mounts(settings: Settings) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    signs = (settings.namespace, str(settings.state_dir), str(settings.run_dir))
    return [line for line in lines if any(sign in line for sign in signs)]

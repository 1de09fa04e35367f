"""The two processes of an export: they outlive us, and are found again by their pid files.

A process is ours if its command line names its pid file in our own folder; it serves if it lives in
the network namespace that its portal has now.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Final

from unkai.kit import netns
from unkai.kit.errors import Failed

STORAGE, TARGET = "storage", "target"
_START_S: Final = 30.0
_END_S: Final = 15.0
_ENVIRONMENT: Final = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
# Both see a mount that nobody else does, so that it is gone whenever they are.
_APART: Final = ("unshare", "--mount", "--propagation", "slave", "sh", "-c")


def target_command(folder: Path, port: int) -> list[str]:
    return [
        *("tgtd", "--pid-file", str(folder / f"{TARGET}.pid"), "--control-port", "0"),
        *("--iscsi", f"portal=0.0.0.0:{port}"),
    ]


def start(folder: Path, storage: list[str], target: list[str]) -> None:
    """Both, in the calling thread's network namespace. Blocks; Failed with their words."""
    words = [*_APART, f"{shlex.join(storage)} && exec {shlex.join(target)}"]
    log = folder / "log"
    with log.open("wb") as said:
        try:
            done = subprocess.run(
                words,
                env={**_ENVIRONMENT, "TGT_IPC_SOCKET": str(folder / TARGET)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                timeout=_START_S,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise _failed("it was not ready in time") from None
    if done.returncode != 0:
        raise _failed(log.read_text(errors="replace").strip()[-300:])


def _failed(why: str) -> Failed:
    missing = "not found" in why
    return Failed(
        f"The volume could not be served by iSCSI: {why}.",
        code="export-failed",
        remedy="Install the packages tgt and qemu-system-common." if missing else None,
    )


def pid_of(folder: Path, name: str) -> int | None:
    """Of our process of that name, if it runs."""
    try:
        pid = int((folder / f"{name}.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if _is_of(pid, folder) else None


def lives_in(pid: int, namespace: str) -> bool:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino == os.stat(netns.path(namespace)).st_ino
    except OSError:
        return False


def of_folder(folder: Path) -> dict[str, list[int]]:
    """Our processes by the folder below `folder` that they belong to."""
    found: dict[str, list[int]] = {}
    mark = os.fsencode(f"{folder}/")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        for word in _words(int(entry.name)):
            if word.startswith(mark) and word.endswith(b".pid"):
                name = os.fsdecode(word[len(mark) :]).partition("/")[0]
                found.setdefault(name, []).append(int(entry.name))
    return found


def _words(pid: int) -> list[bytes]:
    """Its command line; none of a process that has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return []


def _is_of(pid: int, folder: Path) -> bool:
    mark = os.fsencode(f"{folder}/")
    return any(word.startswith(mark) and word.endswith(b".pid") for word in _words(pid))


async def end(pid: int, *, gently: bool) -> None:
    """Wait until it is gone. gently: it is asked first, to close what it has open."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if gently:
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await _gone(descriptor)
                return
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        async with asyncio.timeout(_END_S):
            await _gone(descriptor)
    except ProcessLookupError:
        return
    except TimeoutError:
        raise Failed(f"Process {pid} of an export does not end.", code="export-stuck") from None
    finally:
        os.close(descriptor)


async def _gone(descriptor: int) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)

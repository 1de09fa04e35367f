"""QEMU as a process that outlives us: start it, know it again, see it end.

A process is known by its pid, its start time and the machine's boot id; a pid alone may by now be
somebody else's. Nothing here relies on being the parent, since after a restart of Unkai nobody is.

It is started unprivileged (its own uid and gid, no further groups, own session) instead of with
QEMU's -runas and -daemonize, which the seccomp sandbox forbids.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from unkai.kit.process import ProcessId, boot_id, is_alive

_GUEST_NAME = "guest="
_CONNECT_S = 2.0
_PEER = struct.Struct("3i")


class Identity(Struct, frozen=True, kw_only=True):
    pid: int
    start_ticks: int
    boot_id: str


def spawn(
    argv: Sequence[str], *, folder: Path, errors: Path, fds: Sequence[int], uid: int | None
) -> Identity:
    """Start the process in the folder, its words going to `errors`. OSError if it cannot start."""
    with errors.open("wb") as words:
        child = subprocess.Popen(
            argv,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            pass_fds=fds,
            env={"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")},
            start_new_session=True,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    child.returncode = 0  # it outlives this object, which would otherwise complain when collected
    started = _start_ticks(child.pid)
    return Identity(pid=child.pid, start_ticks=started or 0, boot_id=boot_id())


def alive(identity: Identity) -> bool:
    """Whether it is still that process and has not ended."""
    return is_alive(ProcessId(identity.pid, identity.start_ticks, identity.boot_id))


def wanted_seconds(pid: int) -> float | None:
    """Processor time its threads used or waited for so far, None when it is gone.

    Waiting counts, so that on a busy host a process is not taken for an idle one.
    """
    wanted_ns = 0
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            used_ns, waited_ns, _ = (thread / "schedstat").read_text().split()
            wanted_ns += int(used_ns) + int(waited_ns)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return wanted_ns / 1e9


def kill(identity: Identity) -> None:
    if alive(identity):
        os.kill(identity.pid, signal.SIGKILL)


def reap(pid: int) -> str:
    """Collect an ended child; says how it ended, as far as one can know."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return "QEMU is gone."
    if found == 0:
        return "QEMU is gone."
    code = os.waitstatus_to_exitcode(status)
    return f"QEMU ended with signal {-code}." if code < 0 else f"QEMU ended with status {code}."


async def ended(identity: Identity, timeout_s: float) -> bool:
    """Wait until the process has ended; False when it has not within the time."""
    if not alive(identity):
        return True
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return True
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        async with asyncio.timeout(timeout_s):
            await over.wait()
    except TimeoutError:
        return not alive(identity)
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return True


def marked(prefix: str) -> dict[str, Identity]:
    """Living processes whose guest name begins with the prefix, by the rest of that name.

    Reads the command line of every process: some milliseconds, for a thread.
    """
    found: dict[str, Identity] = {}
    this_boot = boot_id()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        rest = _guest_name(int(entry), prefix)
        if rest and (started := _start_ticks(int(entry))) is not None:
            found[rest] = Identity(pid=int(entry), start_ticks=started, boot_id=this_boot)
    return found


def listen_unix(folder: Path, name: str) -> socket.socket:
    """A listening socket in the folder that only root, or whoever we are, may connect to."""
    (folder / name).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with _ShortPath(folder) as short:
        listener.bind(f"{short}/{name}")
    (folder / name).chmod(0o600)
    listener.listen(4)
    return listener


def connect_unix(folder: Path, name: str) -> socket.socket:
    """OSError, at once, also where so many wait already that nobody is let in."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_CONNECT_S)
    try:
        with _ShortPath(folder) as short:
            connection.connect(f"{short}/{name}")
        connection.setblocking(False)
    except OSError:
        connection.close()
        raise
    return connection


def listener_pid(connection: socket.socket) -> int:
    """The process that listens at the other end of a connected UNIX socket."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return _PEER.unpack(found)[0]


class _ShortPath:
    """A path to the folder that fits into the 108 bytes a socket's address has."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._descriptor}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _guest_name(pid: int, prefix: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    wanted = f"{_GUEST_NAME}{prefix}"
    for flag, value in itertools.pairwise(words):
        name = value.decode(errors="replace").split(",")[0]
        if flag == b"-name" and name.startswith(wanted):
            return name.removeprefix(wanted)
    return ""


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def usage(pid: int) -> tuple[int, int] | None:
    """Ticks of processor time, and bytes of memory that are in use; None where it has ended."""
    fields = _stat(pid)
    if fields is None:
        return None
    return int(fields[11]) + int(fields[12]), int(fields[21]) * os.sysconf("SC_PAGE_SIZE")


def _start_ticks(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[19]) if fields else None

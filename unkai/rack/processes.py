"""Processes that outlive the rack's own: started apart, found again by the folder they name.

Every process of a rack has the path of its run folder in its command line, and nobody else has. So
nothing has to be written down between the start of a process and its adoption.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import unkai
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed
from unkai.kit.log import log
from unkai.kit.process import ProcessId, identify, is_alive, send_signal

_BACKOFF_S = (0.0, 0.5, 2.0, 5.0)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def spawn(
    argv: Sequence[str],
    *,
    words: Path,
    folder: Path = Path("/"),
    fds: Sequence[int] = (),
    uid: int | None = None,
) -> ProcessId:
    """Start it in a session of its own, what it says going to the file `words`."""
    with words.open("ab") as said:
        try:
            child = subprocess.Popen(
                argv,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=fds,
                env={"PATH": _PATH, "PYTHONPATH": str(Path(unkai.__file__).parent.parent)},
                start_new_session=True,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
            )
        except FileNotFoundError as error:
            raise Failed(
                f"{argv[0]} is not installed.",
                code="rack-program-missing",
                remedy="Install the packages qemu-system-x86, ovmf, ipxe-qemu and openipmi.",
            ) from error
    child.returncode = 0  # it outlives this object, which would otherwise complain when collected
    return identify(child.pid)


def find(text: str) -> list[ProcessId]:
    """Living processes whose command line holds the text. Some milliseconds."""
    found: list[ProcessId] = []
    wanted = os.fsencode(text)
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):
                if wanted in Path(f"/proc/{entry}/cmdline").read_bytes():
                    found.append(identify(int(entry)))
    return found


async def ended(process: ProcessId) -> None:
    """Wait for its end; collects it where it is our child."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        if is_alive(process):
            await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)  # noqa: ASYNC222  # it does not wait


def end(processes: Sequence[ProcessId], *, timeout_s: float = 10.0) -> None:
    """End them at once and wait for it. Blocks."""
    opened: list[int] = []
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            opened.append(os.pidfd_open(process.pid))
        send_signal(process, signal.SIGKILL)
    for descriptor in opened:
        select.select([descriptor], [], [], timeout_s)
        os.close(descriptor)


class Service:
    """A program that shall run as long as the rack does; started again whenever it ends."""

    def __init__(
        self, name: str, mark: str, start: Callable[[], ProcessId], *, clock: Clock
    ) -> None:
        self._name = name
        self._mark = mark
        self._start = start
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Adopt it where it runs, else start it."""
        running = find(self._mark)
        process = running[0] if running else self._start()
        self._task = asyncio.create_task(self._keep(process), name=self._name)

    async def close(self) -> None:
        """Stop watching; it stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self, process: ProcessId) -> None:
        failures = 0
        while True:
            born = self._clock.monotonic()
            await ended(process)
            failures = failures + 1 if self._clock.monotonic() - born < 30.0 else 0
            log.warning("rack.service_ended", service=self._name, pid=process.pid)
            await self._clock.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
            process = self._start()

"""Who a process is: a pid alone may be somebody else's tomorrow.

A pid, the moment it started (in ticks since boot, as the kernel counts them) and the boot it
belongs to name one process for good. Nothing in Unkai ends a process that it knows by name only.
"""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process, of one boot."""

    pid: int
    start_time: int
    """Clock ticks from boot to start: field 22 of /proc/PID/stat."""
    boot_id: str


def boot_id() -> str:
    """The kernel's name of the present boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int | None = None) -> ProcessId:
    """The process with that pid; without one, this process. Raises ProcessLookupError."""
    pid = os.getpid() if pid is None else pid
    start_time = _start_time(pid)
    if start_time is None:
        raise ProcessLookupError(pid)
    return ProcessId(pid, start_time, boot_id())


def is_alive(process: ProcessId) -> bool:
    """Whether exactly this process still runs: until it can be collected, with all its threads."""
    return _start_time(process.pid) == process.start_time and boot_id() == process.boot_id


def send_signal(process: ProcessId, number: signal.Signals) -> bool:
    """Signal exactly this process; False where it is gone."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process.pid)
        try:
            if is_alive(process):
                signal.pidfd_send_signal(descriptor, number)
                return True
        finally:
            os.close(descriptor)
    return False


def _start_time(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = text[text.rindex(")") + 2 :].split()
    threads, start_time = int(fields[16]), int(fields[18])
    return None if state in "ZX" and threads <= 1 else start_time

"""The process that looks at data nobody has looked at before. It locks itself in first.

Arguments: descriptor, size in bytes, disk format, container format. It prints one JSON object. When
it starts as root it becomes nobody, without network; always without new files, processes, memory
or time beyond its limits. All code is loaded before that, and data read after.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys

from unkai.image.drivers.inspection.judge import judge
from unkai.image.drivers.inspection.source import Source

NOBODY = 65534
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET = (
    0x0002_0000,
    0x0400_0000,
    0x0800_0000,
    0x4000_0000,
)
MEMORY_BYTES = 256 << 20
CPU_S = 5
ANSWER_BYTES = 16 << 10


def lock_in() -> None:
    """Give up everything but reading the descriptor and writing the answer."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        # Some containers forbid new namespaces; the uid and the limits hold there all the same.
        libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, ANSWER_BYTES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def main() -> None:
    fd, size, disk_format, container_format = sys.argv[-4:]
    source = Source(int(fd), int(size))
    lock_in()
    verdict = judge(source, disk_format, container_format)
    os.write(1, json.dumps(verdict).encode())

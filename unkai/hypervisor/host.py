"""What a host has to give, read from the kernel and from QEMU."""

from __future__ import annotations

import asyncio
import os
import platform
import re
from pathlib import Path

from unkai.hypervisor.kvm import Accelerator
from unkai.hypervisor.model import Host
from unkai.kit.errors import Unavailable
from unkai.kit.process import boot_id

_GIB = 1024**3


async def describe(hostname: str, folder: Path, accelerator: Accelerator, qemu: str) -> Host:
    space = os.statvfs(folder)
    return Host(
        hostname=hostname,
        vcpus=len(os.sched_getaffinity(0)),
        memory_mib=_memory_mib(),
        disk_gib=space.f_blocks * space.f_frsize // _GIB,
        accelerator=accelerator.name,
        accelerator_reason=accelerator.reason,
        cpu_arch=platform.machine(),
        cpu_model=_cpu_model(),
        qemu_version=qemu,
        boot_id=boot_id(),
    )


async def qemu_version(binary: str) -> str:
    """Unavailable("qemu-missing") where it cannot be run."""
    try:
        child = await asyncio.create_subprocess_exec(
            binary, "--version", stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        raise Unavailable(
            f"{binary} cannot be run: {error.strerror}.",
            code="qemu-missing",
            remedy="Install the package qemu-system-x86.",
        ) from error
    said, _ = await child.communicate()
    found = re.search(rb"version (\S+)", said)
    return found[1].decode() if found else "unknown"


def _memory_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2


def _cpu_model() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.processor()

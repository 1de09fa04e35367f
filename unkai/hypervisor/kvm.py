"""Whether KVM really runs guests here: found out by running one, not by opening the device.

On some machines (nested, paravirtualized) /dev/kvm opens and short real-mode programs work, yet
64-bit code is emulated so slowly that no kernel ever boots. A false yes hangs every guest. So a
million rounds of 64-bit ring-0 code run through raw ioctls, in a process of its own that the kernel
ends after a second (`python -m unkai.hypervisor.kvm`): a stuck KVM_RUN must not hold the cloud, and
the cloud's process is never forked. The answer is kept per boot of the machine, and a yes may be
confirmed once by `confirm`, which boots a real guest. Imports nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import mmap
import os
import signal
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, NamedTuple

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# rcx = 1,000,000; rbx = a constant; loop: rax *= rbx, push and pop it; then cpuid, reload cr3,
# write 'K' to port 0x10, halt.
_CODE = bytes.fromhex(
    "48c7c140420f0048bbb301000000010000b801000000480fafc3505848ffc975f5"
    "31c00fa20f20d80f22d8b04be610f4"
)
_MEMORY_BYTES = 2 * 1024 * 1024
_KVM_GET_API_VERSION, _KVM_CREATE_VM, _KVM_GET_VCPU_MMAP_SIZE = 0xAE00, 0xAE01, 0xAE04
_KVM_CREATE_VCPU, _KVM_RUN = 0xAE41, 0xAE80
_KVM_SET_USER_MEMORY_REGION, _KVM_GET_SUPPORTED_CPUID = 0x4020AE46, 0xC008AE05
_KVM_SET_CPUID2, _KVM_SET_REGS = 0x4008AE90, 0x4090AE82
_KVM_GET_SREGS, _KVM_SET_SREGS = 0x8138AE83, 0x4138AE84
_EXIT_IO = 2
_CPUID_ENTRIES = 256
_SREGS_BYTES, _SEGMENT_BYTES, _CONTROL_REGISTERS_AT = 312, 24, 224
_PAGE_TABLES, _STACK, _ENTRY = 0x1000, 0x7000, 0x8000


class Accelerator(NamedTuple):
    name: Literal["kvm", "tcg"]
    reason: str


def run_guest() -> str:
    """Run the guest to its end: "ok", or what went wrong. May never return: set an alarm."""
    kvm = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    version = fcntl.ioctl(kvm, _KVM_GET_API_VERSION, 0)
    if version != 12:
        return f"KVM speaks version {version}, not 12"
    vm = fcntl.ioctl(kvm, _KVM_CREATE_VM, 0)
    memory = _memory(vm)
    vcpu = fcntl.ioctl(vm, _KVM_CREATE_VCPU, 0)
    state = mmap.mmap(vcpu, fcntl.ioctl(kvm, _KVM_GET_VCPU_MMAP_SIZE, 0))
    _enter_long_mode(kvm, vcpu)
    fcntl.ioctl(vcpu, _KVM_RUN, 0)
    exit_reason = struct.unpack_from("=I", state, 8)[0]
    if exit_reason != _EXIT_IO:
        return f"the guest left with exit reason {exit_reason}"
    _direction, _size, port, _count, offset = struct.unpack_from("=BBHIQ", state, 32)
    memory.flush()
    return "ok" if (port, state[offset]) == (0x10, 0x4B) else "the guest computed nonsense"


def _memory(vm: int) -> mmap.mmap:
    """2 MiB at address 0: page tables that map it one to one, and the code."""
    memory = mmap.mmap(-1, _MEMORY_BYTES, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    region = struct.pack("=IIQQQ", 0, 0, 0, _MEMORY_BYTES, address)
    fcntl.ioctl(vm, _KVM_SET_USER_MEMORY_REGION, region)
    for at, entry in ((0x1000, 0x2003), (0x2000, 0x3003), (0x3000, 0x83)):
        struct.pack_into("<Q", memory, at, entry)
    memory[_ENTRY : _ENTRY + len(_CODE)] = _CODE
    return memory


def _enter_long_mode(kvm: int, vcpu: int) -> None:
    cpuid = bytearray(8 + _CPUID_ENTRIES * 40)
    struct.pack_into("=I", cpuid, 0, _CPUID_ENTRIES)
    fcntl.ioctl(kvm, _KVM_GET_SUPPORTED_CPUID, cpuid)
    fcntl.ioctl(vcpu, _KVM_SET_CPUID2, cpuid)
    special = bytearray(_SREGS_BYTES)
    fcntl.ioctl(vcpu, _KVM_GET_SREGS, special)
    for index in range(6):  # cs, ds, es, fs, gs, ss
        at = index * _SEGMENT_BYTES
        selector, kind, long, wide = (8, 11, 1, 0) if index == 0 else (16, 3, 0, 1)
        flags = (selector, kind, 1, 0, wide, 1, long, 1, 0, 0, 0)
        struct.pack_into("=QIHBBBBBBBBBB", special, at, 0, 0xFFFFFFFF, *flags)
    cr0, cr3, cr4, efer = _CONTROL_REGISTERS_AT, *(_CONTROL_REGISTERS_AT + n for n in (16, 24, 40))
    for at, value in ((cr0, 0x80000031), (cr3, _PAGE_TABLES), (cr4, 0x20), (efer, 0x500)):
        struct.pack_into("=Q", special, at, value)
    fcntl.ioctl(vcpu, _KVM_SET_SREGS, bytes(special))
    registers = [0] * 18
    registers[6], registers[16], registers[17] = _STACK, _ENTRY, 2
    fcntl.ioctl(vcpu, _KVM_SET_REGS, struct.pack("=18Q", *registers))


async def probe(limit_s: int = 1) -> Accelerator:
    """Ask a child process; costs about 0.1 s, or the limit where KVM is stuck."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return Accelerator("tcg", "there is no /dev/kvm that can be opened")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        __file__,
        str(limit_s),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    answer, _ = await child.communicate()
    if child.returncode == -signal.SIGALRM:
        return Accelerator("tcg", f"/dev/kvm opens, but 64-bit code does not end in {limit_s} s")
    said = answer.decode(errors="replace").strip()
    if said == "ok":
        return Accelerator("kvm", "64-bit code runs at full speed")
    return Accelerator("tcg", f"KVM does not run a guest: {said or 'the probe died'}")


async def accelerator(
    cache: Path,
    *,
    boot_id: str,
    confirm: Callable[[], Awaitable[bool]] | None = None,
) -> Accelerator:
    """The answer for this boot of the machine, from the file `cache` when it is there."""
    known = _read(cache, boot_id)
    if known is not None:
        return known
    found = await probe()
    if found.name == "kvm" and confirm is not None and not await confirm():
        found = Accelerator("tcg", "KVM passed the probe, but a guest did not boot with it")
    cache.write_text(json.dumps({"boot_id": boot_id, "name": found.name, "reason": found.reason}))
    return found


def _read(cache: Path, boot_id: str) -> Accelerator | None:
    try:
        kept = json.loads(cache.read_text())
        if kept["boot_id"] != boot_id or kept["name"] not in ("kvm", "tcg"):
            return None
        return Accelerator(kept["name"], str(kept["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def main() -> None:
    signal.alarm(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    try:
        answer = run_guest()
    except OSError as error:
        answer = f"{type(error).__name__}: {error}"
    os.write(1, answer.encode())
    os._exit(0)


if __name__ == "__main__":
    main()

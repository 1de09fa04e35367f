"""The machine: rights, programs, kernel, room."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from unkai.cli.checks.model import Check, fail, ok, warn
from unkai.settings import Settings

PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "ovsdb-server": "openvswitch-switch",
    "ovs-vswitchd": "openvswitch-switch",
    "ovsdb-tool": "openvswitch-common",
    "ovn-northd": "ovn-central",
    "ovn-controller": "ovn-host",
    "ssh": "openssh-client",
    "tgtd": "tgt",
}
SEARCH_PATH = (
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/openvswitch-switch"
)
MEMORY_FAIL_MIB, MEMORY_WARN_MIB = 1024, 3072
DISK_FAIL_MIB, DISK_WARN_MIB = 1024, 5120


def check_root(settings: Settings) -> Check:
    if os.geteuid() == 0:
        return ok("root", "running as root")
    return fail(
        "root",
        "not root: taps, namespaces and guests of their own user need it",
        "run it with sudo, or play the cloud: unkai up --fake",
    )


def check_programs(settings: Settings) -> Check:
    missing = {
        package
        for program, package in PROGRAMS.items()
        if not shutil.which(program, path=SEARCH_PATH)
    }
    if not missing:
        return ok("programs", "QEMU, Open vSwitch, OVN and ssh are installed")
    names = " ".join(sorted(missing))
    return fail(
        "programs",
        f"Debian packages are missing: {names}",
        f"make setup, or: apt-get install --no-install-recommends {names}",
    )


def check_kvm(settings: Settings) -> Check:
    """By running code, not by opening the device: some machines offer one that does not work."""
    from unkai.hypervisor import kvm

    found = asyncio.run(kvm.probe())
    if found.name == "kvm":
        return ok("kvm", found.reason)
    return warn(
        "kvm",
        f"{found.reason}; guests run under emulation, 5 to 20 times slower",
        "enable virtualization in the firmware or nested virtualization in the host",
    )


def check_tun(settings: Settings) -> Check:
    if Path("/dev/net/tun").exists():
        return ok("tun", "/dev/net/tun is there")
    return fail("tun", "/dev/net/tun is missing", "modprobe tun")


def check_fuse(settings: Settings) -> Check:
    """On a Debian kernel the module is loaded with its first use."""
    if Path("/dev/fuse").exists():
        return ok("fuse", "/dev/fuse is there")
    return warn(
        "fuse",
        "/dev/fuse is missing: no volume can be served to a physical machine",
        "modprobe fuse",
    )


def check_datapath(settings: Settings) -> Check:
    if Path("/sys/module/openvswitch").exists():
        return ok("datapath", "the kernel has the openvswitch module loaded")
    release = os.uname().release
    if list(Path(f"/lib/modules/{release}").glob("kernel/net/openvswitch/openvswitch.ko*")):
        return ok("datapath", "the kernel has an openvswitch module")
    return warn(
        "datapath",
        "this kernel has no openvswitch module: packets take the slower way through user space",
        "nothing to do; a stock Debian kernel has the module",
    )


def check_memory(settings: Settings) -> Check:
    lines = Path("/proc/meminfo").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return _room("memory", kib // 1024, MEMORY_FAIL_MIB, MEMORY_WARN_MIB, "end what is not needed")


def check_disk(settings: Settings) -> Check:
    folder = settings.state_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // 2**20
    return _room(
        f"disk of {folder}", free, DISK_FAIL_MIB, DISK_WARN_MIB, "free some, or use --state-dir"
    )


def _room(name: str, mib: int, least: int, good: int, remedy: str) -> Check:
    if mib < least:
        return fail(name, f"{mib} MiB are free; {least} MiB is the least", remedy)
    if mib < good:
        return warn(name, f"{mib} MiB are free; servers will not find much room", remedy)
    return ok(name, f"{mib} MiB are free")

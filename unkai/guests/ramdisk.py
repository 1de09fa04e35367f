"""Build the deploy ramdisk: `python -m unkai.guests.ramdisk FOLDER [--every-machine]`.

The agent of `unkai/ramdisk/agent` with busybox, Lua and the programs that partition, check, grow
and erase, as the initial file system of a Debian kernel. The cloud kernel starts quicker and knows
virtual machines and NVMe; the other one knows what Debian knows, of which the list below is packed.
The same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import sys
import tempfile
from pathlib import Path

from unkai import __version__
from unkai.guests import debian, parts, recipe, tools
from unkai.kit.errors import Fault

AGENT = Path(__file__).parents[1] / "ramdisk" / "agent"
_LUA = Path("/usr/share/lua/5.4")
_LUA_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/lua/5.4")
_PROGRAMS: tuple[parts.Program, ...] = (
    ("lua5.4", "lua5.4", "usr/bin"),
    ("luajit", "luajit", "usr/bin"),
    ("zstd", "zstd", "usr/bin"),
    ("sha256sum", "coreutils", "usr/bin"),
    ("sha512sum", "coreutils", "usr/bin"),
    ("sfdisk", "fdisk", "sbin"),
    ("wipefs", "util-linux", "sbin"),
    ("blkdiscard", "util-linux", "sbin"),
    ("e2fsck", "e2fsprogs", "sbin"),
    ("resize2fs", "e2fsprogs", "sbin"),
    ("mdadm", "mdadm", "sbin"),
    ("dropbear", "dropbear-bin", "usr/sbin"),
)
_LINKS = {
    "sbin/init": "../bin/busybox",
    "sbin/modprobe": "../bin/busybox",
    "etc/mtab": "/proc/mounts",
    "var/run": "/run",
}
_FOLDERS = (
    *("bin", "sbin", "dev", "proc", "sys", "run", "tmp", "mnt", "root", "lib64", "var"),
    *("usr/bin", "usr/sbin", "usr/lib", "etc/dropbear"),
)
_MODULES = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "virtio-rng", "ata_piix"),
    *("button", "evdev", "sd_mod", "efivarfs", "nvme", "vmxnet3", "ena"),
    "nfsv4",
    *("md_mod", "raid0", "raid1", "raid10", "raid456"),
)
# Storage and NICs of servers. Those that need firmware files are left out: it is not free.
_HARDWARE_MODULES = (
    *("ahci", "ata_generic", "megaraid_sas", "mpt3sas", "hpsa", "aacraid", "smartpqi"),
    *("vmw_pvscsi", "e1000", "e1000e", "igb", "igc", "ixgbe", "i40e", "ice", "tg3", "r8169"),
    *("bnxt_en", "mlx4_en", "mlx5_core", "sfc", "atlantic", "8139cp", "usb_storage", "uas"),
    *("xhci_pci", "ehci_pci"),
)


@dataclasses.dataclass(frozen=True)
class Ramdisk:
    """What a machine boots to be deployed."""

    kernel: Path
    initramfs: Path


def ensure_ramdisk(folder: Path, cache: Path, *, every_machine: bool = False) -> Ramdisk:
    """The ramdisk in the folder, built if it is not there or the sources are others by now."""

    def make() -> None:
        build_ramdisk(folder, cache, every_machine=every_machine)

    made = _in(folder)
    sources = recipe.of_sources((AGENT, Path(__file__).parent))
    said = f"{__version__} {every_machine} {sources}"
    recipe.made_once((made.kernel, made.initramfs), folder / "ramdisk.recipe", said, make)
    return made


def _in(folder: Path) -> Ramdisk:
    return Ramdisk(kernel=folder / "kernel", initramfs=folder / "initramfs")


def build_ramdisk(folder: Path, cache: Path, *, every_machine: bool = False) -> Ramdisk:
    """Write `kernel` and `initramfs` into the folder. Failed names what is missing.

    A file appears whole or not at all; the cache keeps what was fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    metapackage = debian.EVERY_KERNEL if every_machine else debian.CLOUD_KERNEL
    kernel = debian.kernel(cache.absolute(), metapackage)
    made = _in(folder)
    with tempfile.TemporaryDirectory(prefix=".ramdisk-", dir=folder) as name:
        work = Path(name)
        _make_tree(work / "tree", kernel, _MODULES + (_HARDWARE_MODULES if every_machine else ()))
        zstd = (tools.find("zstd", "zstd"), "-9", "-T1", "-q", "-c")
        packed = tools.run(*zstd, said=parts.archive(work / "tree"))
        (work / "initramfs").write_bytes(packed)
        shutil.copy(parts.vmlinuz(kernel), work / "kernel")
        os.replace(work / "kernel", made.kernel)
        os.replace(work / "initramfs", made.initramfs)
    return made


def _make_tree(root: Path, kernel: Path, modules: tuple[str, ...]) -> None:
    parts.add_folders(root, _FOLDERS)
    parts.add_busybox(root)
    parts.add_programs(root, _PROGRAMS)
    _add_sockets(root)
    parts.add_modules(root, kernel, modules)
    parts.copy_data(AGENT, root)
    parts.add_links(root, _LINKS)
    (root / "init").chmod(0o755)
    (root / "usr/lib/agent/lua/version").write_text(f"{__version__}+unkai\n")


def _add_sockets(root: Path) -> None:
    """lua-socket: its Lua files, and the two shared objects they load."""
    for name in ("socket.lua", "ltn12.lua", "mime.lua", "socket/http.lua", "socket/url.lua"):
        _copy(_LUA / name, root / "usr/share/lua/5.4" / name)
    _copy(_LUA / "socket/headers.lua", root / "usr/share/lua/5.4/socket/headers.lua")
    for name in ("socket/core.so", "mime/core.so"):
        _copy(_LUA_LIBRARIES / name, root / "usr/lib/x86_64-linux-gnu/lua/5.4" / name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(tools.needed(source, "lua-socket").resolve(), target)


def main() -> int:
    parser = argparse.ArgumentParser(prog="unkai.guests.ramdisk", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, help="folder of fetched packages")
    parser.add_argument("--every-machine", action="store_true", help="Debian's whole kernel")
    asked = parser.parse_args()
    cache = asked.cache or asked.folder.absolute() / "packages"
    try:
        made = build_ramdisk(asked.folder, cache, every_machine=asked.every_machine)
    except Fault as fault:
        print(fault.public, file=sys.stderr)
        return 1
    for path in (made.kernel, made.initramfs):
        print(f"{path}: {path.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

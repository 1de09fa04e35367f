"""What is inside the guest: busybox and a handful of programs with their libraries, our scripts.

Of the kernel's modules only what a cloud guest, or a machine of the rack, meets is taken.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from unkai.guests import debian, parts, tools
from unkai.guests.become_root import program

DATA = Path(__file__).parent / "cirros"
_PROGRAMS: tuple[parts.Program, ...] = (
    ("dropbear", "dropbear-bin", "usr/sbin"),
    ("dropbearkey", "dropbear-bin", "usr/bin"),
    ("resize2fs", "e2fsprogs", "sbin"),
    ("mke2fs", "e2fsprogs", "sbin"),
    ("sfdisk", "fdisk", "sbin"),
    ("partx", "util-linux", "sbin"),
    ("lsblk", "util-linux", "usr/bin"),
    ("blkid", "util-linux", "sbin"),
)
_LINKS = {
    "sbin/init": "../bin/busybox",
    "sbin/modprobe": "../bin/busybox",
    "sbin/mkfs.ext2": "mke2fs",
    "sbin/mkfs.ext3": "mke2fs",
    "sbin/mkfs.ext4": "mke2fs",
    "etc/mtab": "/proc/mounts",
    "var/run": "/run",
}
_FOLDERS = (
    *("bin", "sbin", "dev", "proc", "sys", "run", "tmp", "mnt", "root", "boot", "lib64"),
    *("usr/bin", "usr/sbin", "usr/lib", "home/cirros/.ssh", "etc/dropbear"),
    *("var/lib/cloud", "var/log", "var/tmp"),
)
_MODULES = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "virtio_balloon"),
    *("virtio_console", "virtio-rng", "button", "evdev", "psmouse", "qemu_fw_cfg"),
    *("sd_mod", "sr_mod", "isofs", "vfat", "nls_ascii", "nls_cp437", "nls_iso8859-1", "nls_utf8"),
)
_EARLY_MODULES = ("virtio_pci", "virtio_blk", "virtio_scsi", "ata_piix", "sd_mod")
_ISCSI_MODULES = ("virtio_net", "iscsi_tcp")
_IBFT_MODULE = ("iscsi_ibft",)
"""Tells whether the firmware booted by iSCSI, and from where."""
_SETUID = 0o4755


def make_root(root: Path, kernel: Path) -> None:
    parts.add_folders(root, _FOLDERS)
    parts.add_busybox(root)
    parts.add_programs(root, _PROGRAMS)
    parts.add_modules(root, kernel, _MODULES)
    parts.copy_data(DATA / "root", root)
    parts.add_links(root, _LINKS)
    (root / "usr/bin/sudo").write_bytes(program("/usr/lib/become-root"))
    (root / "usr/bin/sudo").chmod(_SETUID)
    tools.stamp(root)


def make_initramfs(folder: Path, kernel: Path, cache: Path) -> bytes:
    """A busybox, the modules of the disk, and a script that mounts the root: a gzipped cpio.

    A machine whose firmware came by iSCSI logs in there first. cache: of unpacked packages.
    """
    parts.add_folders(folder, ("bin", "dev", "proc", "sys", "new", "lib", "lib64", "usr/lib"))
    busybox = tools.find("busybox", "busybox-static")
    shutil.copy(busybox, folder / "bin/busybox")
    modules = parts.modules_folder(kernel)
    for name, wanted in (
        ("order", (*_EARLY_MODULES, *_IBFT_MODULE)),
        ("iscsi-order", _ISCSI_MODULES),
    ):
        found = parts.with_dependencies(modules, wanted)
        for path in found:
            shutil.copy(modules / path, folder / "lib" / path.name)
        (folder / f"lib/{name}").write_text("".join(f"{path.name}\n" for path in found))
    _add_initiator(folder, cache)
    parts.copy_data(DATA / "initramfs", folder)
    return tools.run("gzip", "-9n", said=parts.archive(folder))


def _add_initiator(folder: Path, cache: Path) -> None:
    """Debian's, from packages that are not installed: its daemons are nobody's here."""
    program = debian.unpacked("open-iscsi", cache) / "sbin/iscsistart"
    beside = debian.unpacked("libopeniscsiusr", cache) / "usr/lib/x86_64-linux-gnu"
    shutil.copy(program, folder / "bin/iscsistart")
    parts.add_libraries(folder, parts.needed_by(program, beside))

"""A FAT file system that UEFI starts a Linux from, by systemd-boot and its plain text files."""

from __future__ import annotations

import shutil
from pathlib import Path

from unkai.guests import tools
from unkai.guests.tools import find, run

_MIB = 1024 * 1024
_SYSTEMD_BOOT = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")


def fill(folder: Path, name: str, vmlinuz: Path, initramfs: bytes, command_line: str) -> None:
    """The files: kernel, initial file system, loader and its one entry."""
    for place in ("EFI/BOOT", "loader/entries"):
        (folder / place).mkdir(parents=True)
    shutil.copy(vmlinuz, folder / "vmlinuz")
    (folder / "initrd").write_bytes(initramfs)
    boot = tools.needed(_SYSTEMD_BOOT, "systemd-boot-efi")
    shutil.copy(boot, folder / "EFI/BOOT/BOOTX64.EFI")
    (folder / "loader/loader.conf").write_text("timeout 0\nconsole-mode keep\neditor no\n")
    entry = f"title {name}\nlinux /vmlinuz\ninitrd /initrd\noptions {command_line}\n"
    (folder / f"loader/entries/{name}.conf").write_text(entry)


def make_fat(image: Path, folder: Path, label: str, size_mib: int) -> None:
    """Write the folder as a FAT16 file system of this size, the same bytes every time."""
    tools.stamp(folder)
    with image.open("wb") as file:
        file.truncate(size_mib * _MIB)
    mkfs = find("mkfs.vfat", "dosfstools")
    run(mkfs, "-F16", "-n", label, "-i", "C1A0C1A0", "--invariant", image)
    names = sorted(path.name for path in folder.iterdir())
    run(find("mcopy", "mtools"), "-smp", "-i", image, *names, "::", cwd=folder)

"""From a tree of files to a bootable disk, without root, loop devices or mounts.

GPT with two partitions: an EFI system partition that BIOS (syslinux) and UEFI (systemd-boot) both
start from, and an ext4 root with a journal, which a hard reset needs. Owners, modes and times of
the root are set inside the file system by debugfs, so it does not matter who builds it.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

from unkai.guests import esp, tools
from unkai.guests.tools import EPOCH_S, find, run

ROOT_LABEL = "cirros-rootfs"
_MIB = 1024 * 1024
_SECTORS_PER_MIB = 2048
_ESP_MIB = 20
_SLACK_MIB = 8
_IDS = "c1a0c1a0-0000-4000-8000-0000000000"
_ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_ROOT_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
_USER_HOME, _USER_ID = "/home/cirros", 1000
# The users' ping: a file capability (version 2, effective; permitted: CAP_NET_RAW). As a setuid
# program busybox would have to drop root by itself, which Debian's build of it does not do.
_MAY_PING = ("/bin/busybox", struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))
_RESERVED_INODES = (2, 7, 8, 11)  # root folder, resize, journal, lost+found
_SYSLINUX = Path("/usr/lib/syslinux")
_COMMAND_LINE = (
    "console=tty0 console=ttyS0,115200n8 root=LABEL=cirros-rootfs ro quiet net.ifnames=0 "
    "random.trust_cpu=on mitigations=off tsc=reliable nowatchdog no_timer_check"
)


def make_disk(out: Path, work: Path, root: Path, vmlinuz: Path, initramfs: bytes) -> None:
    """Write the raw disk image `out`."""
    fat, ext4 = work / "esp.img", work / "root.img"
    _make_esp(fat, work / "esp", vmlinuz, initramfs)
    root_mib = _make_ext4(ext4, work, root)
    out.unlink(missing_ok=True)
    _truncate(out, 1 + _ESP_MIB + root_mib + 1)
    table = (
        f"label: gpt\nlabel-id: {_IDS}01\nfirst-lba: 34\n"
        f"start={_SECTORS_PER_MIB}, size={_ESP_MIB * _SECTORS_PER_MIB}, type={_ESP_TYPE}, "
        f'name=esp, uuid={_IDS}02, attrs="LegacyBIOSBootable"\n'
        f"start={(1 + _ESP_MIB) * _SECTORS_PER_MIB}, size={root_mib * _SECTORS_PER_MIB}, "
        f"type={_ROOT_TYPE}, name=rootfs, uuid={_IDS}03\n"
    )
    run(find("sfdisk", "fdisk"), "-q", out, said=table.encode())
    boot_code = tools.needed(_SYSLINUX / "mbr/gptmbr.bin", "syslinux-common").read_bytes()
    with out.open("r+b") as disk:
        disk.write(boot_code[:440])
        for image, at_mib in ((fat, 1), (ext4, 1 + _ESP_MIB)):
            disk.seek(at_mib * _MIB)
            _copy_sparse(image, disk.fileno(), at_mib * _MIB)


def _make_esp(image: Path, folder: Path, vmlinuz: Path, initramfs: bytes) -> None:
    esp.fill(folder, "cirros", vmlinuz, initramfs, _COMMAND_LINE)
    (folder / "syslinux").mkdir()
    (folder / "syslinux/syslinux.cfg").write_text(
        "SERIAL 0 115200\nDEFAULT cirros\nPROMPT 0\nTIMEOUT 0\nLABEL cirros\n"
        f" LINUX /vmlinuz\n INITRD /initrd\n APPEND {_COMMAND_LINE}\n"
    )
    esp.make_fat(image, folder, "CIRROSESP", _ESP_MIB)
    run(find("syslinux", "syslinux"), "-d", "/syslinux", "-i", image)


def _make_ext4(image: Path, work: Path, root: Path) -> int:
    """Its size in MiB: the files, the journal, and some room until the guest grows it."""
    used = sum(path.lstat().st_size + 4096 for path in root.rglob("*"))
    size_mib = used // _MIB + _SLACK_MIB + 8
    _truncate(image, size_mib)
    options = f"hash_seed={_IDS}bb,lazy_itable_init=0,no_copy_xattrs"
    run(
        *(find("mkfs.ext4", "e2fsprogs"), "-q", "-F", "-L", ROOT_LABEL, "-U", f"{_IDS}aa"),
        *("-E", options, "-J", "size=4", "-O", "^metadata_csum_seed,^orphan_file"),
        *("-b", "4096", "-m", "0", "-N", "4096", "-I", "256", "-d", root, image),
    )
    script, capability = work / "debugfs.script", work / "capability"
    place, value = _MAY_PING
    capability.write_bytes(value)
    lines = [f"ea_set -f {capability} {place} security.capability", *_inode_lines(root)]
    script.write_text("".join(f"{line}\n" for line in lines))
    run(find("debugfs", "e2fsprogs"), "-w", "-f", script, image)
    return size_mib


def _inode_lines(root: Path) -> list[str]:
    lines: list[str] = []
    for path in sorted(root.rglob("*")):
        place = f"/{path.relative_to(root)}"
        owner = _USER_ID if place.startswith(_USER_HOME) else 0
        mode = path.lstat().st_mode
        private = stat.S_ISDIR(mode) and place.startswith(f"{_USER_HOME}/")
        if not stat.S_ISLNK(mode):
            shared = 0o700 if private else _plain_mode(mode)
            lines.append(f'sif "{place}" mode 0{stat.S_IFMT(mode) | shared:o}')
        lines += [f'sif "{place}" {field} {owner}' for field in ("uid", "gid")]
        lines += _time_lines(f'"{place}"')
    for number in _RESERVED_INODES:
        lines += _time_lines(f"<{number}>")
    lines += [f"sif <2> {field} 0" for field in ("uid", "gid")]
    return [*lines, f"sif <2> mode 0{stat.S_IFDIR | 0o755:o}"]


def _plain_mode(mode: int) -> int:
    """What a usual umask gives, whoever builds; the setuid bit stays."""
    executable = stat.S_ISDIR(mode) or mode & 0o100
    return (mode & stat.S_ISUID) | (0o755 if executable else 0o644)


def _time_lines(inode: str) -> list[str]:
    fields = ("ctime", "atime", "mtime", "crtime")
    whole = [f"sif {inode} {field} @{EPOCH_S}" for field in fields]
    return whole + [f"sif {inode} {field}_extra 0" for field in fields]


def _truncate(path: Path, size_mib: int) -> None:
    with path.open("wb") as file:
        file.truncate(size_mib * _MIB)


def _copy_sparse(source: Path, target: int, at: int) -> None:
    with source.open("rb") as file:
        for offset in range(0, source.stat().st_size, _MIB):
            block = file.read(_MIB)
            if block.strip(b"\0"):
                os.pwrite(target, block, at + offset)

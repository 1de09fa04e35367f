"""iPXE's scripts. Pure functions; every path leads to our own HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.drivers.boot.files import BootEntry, is_url
from unkai.baremetal.model import SanVolume

LOCAL = "iseq ${platform} efi && exit 1 ||\nsanboot --no-describe --drive 0x80 || exit 1\n"
BOOTIF = "BOOTIF=01-${netX/mac:hexhyp}"


def boot_ramdisk(entry: BootEntry, url: str) -> str:
    """Load the node's kernel and ramdisk; what fails is said and tried again."""
    kernel, initramfs = (
        source if is_url(source) else f"{url}/nodes/{entry.node_id}/{name}"
        for name, source in (("kernel", entry.kernel), ("initramfs", entry.initramfs))
    )
    words = [word.replace("{url}", url) for word in entry.arguments]
    return _load(f"node {entry.node_id}, {entry.mode}", kernel, initramfs, words, url)


def boot_discovery(url: str, arguments: Sequence[str]) -> str:
    """For a machine that nobody knows: it boots the ramdisk and tells what it is."""
    words = [word.replace("{url}", url) for word in arguments]
    title = "an unknown machine, inspection"
    kernel, initramfs = (
        f"{url}/ramdisk/{name}?mac=${{netX/mac}}" for name in ("kernel", "initramfs")
    )
    return _load(title, kernel, initramfs, words, url)


def boot_volumes(entry: BootEntry) -> str:
    """Log in to each volume, and boot from that of index 0; without one, from the disk.

    The operating system finds all of them in a table of the firmware's (iBFT), secrets and all.
    """
    ordered = sorted(entry.volumes, key=lambda one: one.boot_index != 0)
    root = ordered[0] if ordered[0].boot_index == 0 else None
    others = [one for one in ordered if one is not root]
    hooks = "".join(
        f"sanunhook --drive {0x81 + number:#x} ||\n"
        f"{_login(one)}sanhook --drive {0x81 + number:#x} {_address(one)} || goto failed\n"
        for number, one in enumerate(others)
    )
    end = f"{_login(root)}sanboot --drive 0x80 {_address(root)} ||\n" if root else LOCAL
    if root and others:  # the firmware's table has little room: better the root alone than nothing
        end += "".join(f"sanunhook --drive {0x81 + at:#x} ||\n" for at in range(len(others))) + end
    return (
        "#!ipxe\n"
        f"echo Unkai: node {entry.node_id} boots with {len(ordered)} volumes\n"
        ":again\n"
        f"{hooks}{end}"
        ":failed\n"
        "echo Unkai: a volume could not be reached, trying again in 5 seconds\n"
        "sleep 5\n"
        "goto again\n"
    )


def _login(volume: SanVolume) -> str:
    return (
        f"set initiator-iqn {volume.initiator}\n"
        f"set username {volume.username}\n"
        f"set password {volume.password}\n"
    )


def _address(volume: SanVolume) -> str:
    host, _, port = volume.portal.rpartition(":")
    return f"iscsi:{host}::{port}:{volume.lun:x}:{volume.iqn}"


def boot_disk(why: str) -> str:
    """Leave the machine to its disk. A UEFI firmware goes on by itself once iPXE ends."""
    return f"#!ipxe\necho Unkai: {why}, booting from disk\n{LOCAL}"


def _load(title: str, kernel: str, initramfs: str, words: Sequence[str], url: str) -> str:
    arguments = " ".join(["initrd=initramfs", *words, BOOTIF])
    return (
        "#!ipxe\n"
        f"echo Unkai: {title}\n"
        f"kernel {kernel} {arguments} || goto failed\n"
        f"initrd --name initramfs {initramfs} || goto failed\n"
        "boot || goto failed\n"
        ":failed\n"
        "echo Unkai: the ramdisk could not be loaded, trying again in 10 seconds\n"
        "imgfree\n"
        "sleep 10\n"
        f"chain --replace {url}/boot.ipxe?mac=${{netX/mac}} || goto failed\n"
    )

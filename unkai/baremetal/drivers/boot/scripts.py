"""iPXE's scripts. Pure functions; every path leads to our own HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.drivers.boot.files import BootEntry, is_url

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


def boot_disk(why: str) -> str:
    """Leave the machine to its disk. A UEFI firmware goes on by itself once iPXE ends."""
    return (
        "#!ipxe\n"
        f"echo Unkai: {why}, booting from disk\n"
        "iseq ${platform} efi && exit 1 ||\n"
        "sanboot --no-describe --drive 0x80 || exit 1\n"
    )


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

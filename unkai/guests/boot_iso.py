"""The ramdisk as a CD that a BMC inserts: started by BIOS (isolinux) and UEFI (systemd-boot).

One for each machine, since the kernel's command line with the machine's token is on it. Each loader
wants the kernel in its own place, so it is there twice: once in the CD's file system, once in the
FAT image that UEFI takes for a disk.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from unkai.guests import esp, tools
from unkai.guests.ramdisk import Ramdisk

_ISOLINUX = Path("/usr/lib/ISOLINUX/isolinux.bin")
_LDLINUX = Path("/usr/lib/syslinux/modules/bios/ldlinux.c32")
_MIB = 1024 * 1024
_SECTOR = 512
_EFI_PLATFORM = 0xEF


def make_boot_iso(out: Path, ramdisk: Ramdisk, command_line: str) -> None:
    """Write the CD, whole or not at all, in about half a second. Failed names what is missing."""
    with tempfile.TemporaryDirectory(prefix=".boot-iso-", dir=out.absolute().parent) as name:
        work = Path(name)
        initramfs = ramdisk.initramfs.read_bytes()
        esp.fill(work / "esp", "agent", ramdisk.kernel, initramfs, command_line)
        size_mib = (ramdisk.kernel.stat().st_size + len(initramfs)) // _MIB + 3
        esp.make_fat(work / "esp.img", work / "esp", "AGENT", size_mib)
        config = work / "isolinux.cfg"
        config.write_text(
            "SERIAL 0 115200\nDEFAULT agent\nPROMPT 0\nTIMEOUT 0\nLABEL agent\n"
            f" LINUX /kernel\n INITRD /initrd\n APPEND {command_line}\n"
        )
        _write_iso(
            work / "iso",
            {
                "/ISOLINUX.BIN": tools.needed(_ISOLINUX, "isolinux"),
                "/LDLINUX.C32": tools.needed(_LDLINUX, "syslinux-common"),
                "/ISOLINUX.CFG": config,
                "/KERNEL": ramdisk.kernel,
                "/INITRD": ramdisk.initramfs,
                "/ESP.IMG": work / "esp.img",
            },
        )
        os.replace(work / "iso", out)


def _write_iso(out: Path, files: dict[str, Path]) -> None:
    import pycdlib  # slow to import and rarely needed

    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, vol_ident="AGENT", rock_ridge="1.09")
    for place, path in files.items():
        iso.add_file(str(path), f"{place};1", rr_name=place[1:].lower())
    iso.add_eltorito(
        "/ISOLINUX.BIN;1",
        "/BOOT.CAT;1",
        boot_load_size=4,
        boot_info_table=True,
        rr_bootcatname="boot.cat",
    )
    sectors = -(-files["/ESP.IMG"].stat().st_size // _SECTOR)
    iso.add_eltorito(
        "/ESP.IMG;1", boot_load_size=min(sectors, 0xFFFF), platform_id=_EFI_PLATFORM, efi=True
    )
    iso.write(str(out))
    iso.close()

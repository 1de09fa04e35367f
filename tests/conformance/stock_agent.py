"""`python -m tests.conformance.stock_agent [FOLDER]`: a ramdisk with the stock ironic-python-agent.

Debian's packages and the agent from PyPI, as it is; ours is only the first process (stock-agent/),
which brings up devices and addresses. Made once for a checkout (as root, with mmdebstrap; two to
five minutes), and again when this recipe changes. It knows virtual machines, as the rack's are.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clouds import CHECKOUT
from unkai.guests import debian, parts, recipe, tools
from unkai.guests.ramdisk import Ramdisk

VERSION = "13.0.0"
AGENT = f"ironic-python-agent=={VERSION}"
SUITE = "bookworm"
MEMORY_MIB = 3072
"""What a machine needs to boot it: packed and unpacked it is in memory at once."""
FOLDER = CHECKOUT / ".cache" / "stock-agent"
HERE = Path(__file__).parent
AGENT_PLACE = "opt/agent"
PACKAGES = (
    *("python3", "udev", "kmod", "udhcpc", "iproute2", "ca-certificates", "dmidecode", "lshw"),
    *("qemu-utils", "parted", "gdisk", "fdisk", "dosfstools", "e2fsprogs", "efibootmgr", "mdadm"),
    *("hdparm", "nvme-cli", "smartmontools", "ipmitool", "pciutils", "ethtool", "lsscsi", "file"),
    *("procps", "psmisc", "bsdextrautils"),
)
MODULES = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "virtio-rng", "ata_piix"),
    *("sd_mod", "sr_mod", "efivarfs", "nvme", "button", "evdev", "loop", "isofs", "vfat", "ext4"),
)
UNNEEDED = (
    *("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian"),
    *("usr/share/perl5", "usr/share/perl", "usr/lib/x86_64-linux-gnu/perl-base", "usr/share/qemu"),
    *("var/lib/apt", "var/cache", "var/log", "var/lib/dpkg/info", "usr/share/zoneinfo", "boot"),
)


def ensure_stock_agent(folder: Path = FOLDER) -> Ramdisk:
    """The ramdisk in the folder, made if it is not there or was made by another recipe."""
    made = Ramdisk(kernel=folder / "kernel", initramfs=folder / "initramfs")
    said = recipe.of_sources([HERE / "stock-agent"]) + Path(__file__).read_text()
    products = (made.kernel, made.initramfs)
    recipe.made_once(products, folder / "stock-agent.recipe", said, lambda: _make(made))
    return made


def _make(made: Ramdisk) -> None:
    folder = made.kernel.parent
    kernel = debian.kernel(CHECKOUT / ".cache" / "packages")
    with tempfile.TemporaryDirectory(prefix=".stock-agent-", dir=folder) as name:
        root = Path(name) / "root"
        _debian(root)
        _agent(root)
        for place in UNNEEDED:
            shutil.rmtree(root / place, ignore_errors=True)
        (root / "var/log").mkdir()
        parts.add_modules(root, kernel, MODULES)
        parts.copy_data(HERE / "stock-agent", root)
        packed = Path(name) / "initramfs"
        _pack(root, packed)
        shutil.copy(parts.vmlinuz(kernel), Path(name) / "kernel")
        os.replace(Path(name) / "kernel", made.kernel)
        os.replace(packed, made.initramfs)


def _debian(root: Path) -> None:
    """A minimal Debian from this machine's own sources."""
    tool = tools.find("mmdebstrap", "mmdebstrap")
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.sources")]
    without = ("doc", "man", "locale", "info")
    tools.run(
        *(tool, "--quiet", "--mode=root", "--variant=minbase"),
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in without),
        f"--include={','.join(PACKAGES)}",
        *(SUITE, root),
        *(path for path in sources if path.exists() and path.stat().st_size),
    )


def _agent(root: Path) -> None:
    """The agent and what it needs, as wheels for the Python that is in there."""
    python = (root / "usr/bin/python3").readlink().name
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--only-binary=:all:")
    target = ("--target", str(root / AGENT_PLACE), "--python-version", python[len("python") :])
    said = subprocess.run([*pip, *target, AGENT], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr[-2000:]
    for tests in (root / AGENT_PLACE).rglob("tests"):
        shutil.rmtree(tests)
    tools.run("chroot", root, python, "-m", "compileall", "-q", f"/{AGENT_PLACE}")


def _pack(root: Path, packed: Path) -> None:
    """Straight from one program to the next: unpacked it is half a gigabyte."""
    find = ["find", ".", "-xdev", "-print0"]
    cpio = ["cpio", "--null", "-o", "-H", "newc", "-R", "0:0", "--quiet"]
    with packed.open("wb") as out:
        names = subprocess.Popen(find, cwd=root, stdout=subprocess.PIPE)
        files = subprocess.Popen(cpio, cwd=root, stdin=names.stdout, stdout=subprocess.PIPE)
        zstd = subprocess.Popen(["zstd", "-6", "-T0", "-q"], stdin=files.stdout, stdout=out)
        codes = tuple(one.wait() for one in (names, files, zstd))
    assert codes == (0, 0, 0), f"find, cpio and zstd ended with {codes}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    made = ensure_stock_agent(parser.parse_args().folder)
    for path in (made.kernel, made.initramfs):
        print(f"{path}: {path.stat().st_size >> 20} MiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Build the guest image: `python -m unkai.guests.build OUT.qcow2 [--cache DIR]`.

A tiny machine in the manner of cirros (user cirros, password gocubsgo) that boots in a few seconds
even without KVM, from BIOS and UEFI. The same packages give the same bytes. OUT ending in .raw or
.img is written raw. Packages that were fetched are kept in the cache folder (default: OUT's).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from unkai.guests import debian, disk, parts, tree
from unkai.guests.tools import find, run
from unkai.kit.errors import Fault


def build_guest(out: Path, cache: Path) -> None:
    """Write the image; Failed names what is missing. Nothing is left behind on failure."""
    cache.mkdir(parents=True, exist_ok=True)
    out = out.absolute()
    with tempfile.TemporaryDirectory(prefix="unkai-guest-", dir=out.parent) as name:
        work = Path(name)
        kernel = debian.kernel(cache.absolute())
        tree.make_root(work / "root", kernel)
        initramfs = tree.make_initramfs(work / "initramfs", kernel, cache.absolute())
        disk.make_disk(work / "disk.raw", work, work / "root", parts.vmlinuz(kernel), initramfs)
        finished = work / "disk.raw"
        if out.suffix not in (".raw", ".img"):
            finished = work / "disk.qcow2"
            convert = (find("qemu-img", "qemu-utils"), "convert", "-c", "-f", "raw", "-O", "qcow2")
            run(*convert, work / "disk.raw", finished)
        shutil.move(finished, out)


def main() -> int:
    parser = argparse.ArgumentParser(prog="unkai.guests.build", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, help="folder of fetched packages")
    asked = parser.parse_args()
    try:
        build_guest(asked.out, asked.cache or asked.out.absolute().parent / "packages")
    except Fault as fault:
        print(fault.public, file=sys.stderr)
        return 1
    print(f"{asked.out}: {asked.out.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

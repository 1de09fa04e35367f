"""Packages that the guest needs and the host should not install: fetched by apt, only unpacked.

apt checks the signatures. An unpacked package stays in the cache folder, named by its version, so
that a second build needs no network.
"""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from unkai.guests.tools import run
from unkai.kit.errors import Failed

# Debian's two kernels: for virtual machines, unpacked and quick to start; and for every machine.
CLOUD_KERNEL = "linux-image-cloud-amd64"
EVERY_KERNEL = "linux-image-amd64"


def kernel(cache: Path, metapackage: str = CLOUD_KERNEL) -> Path:
    """The folder of the unpacked kernel: boot/vmlinuz-*, lib/modules/*."""
    return unpacked(_kernel_package(cache, metapackage), cache)


def unpacked(package: str, cache: Path) -> Path:
    """The folder the package was unpacked to. One process fetches it, others wait."""
    place = cache / package
    cache.mkdir(parents=True, exist_ok=True)
    with lock_of(package, cache).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            _fetch(package, cache / f".{package}.new", place)
    return place


def lock_of(package: str, cache: Path) -> Path:
    """The file that is locked while the package is fetched."""
    return cache / f".{package}.lock"


def _fetch(package: str, work: Path, place: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    run("apt-get", "-q", "-o", "APT::Sandbox::User=", "download", package, cwd=work)
    (archive,) = work.glob("*.deb")
    run("dpkg-deb", "-x", archive, work / "tree")
    (work / "tree").rename(place)
    shutil.rmtree(work)


def _kernel_package(cache: Path, metapackage: str) -> str:
    """The package that the metapackage stands for now; without package lists, the cached one."""
    asked = ("apt-cache", "depends", "--important", metapackage)
    said = run(*asked).decode() if _lists_exist() else ""
    for line in said.splitlines():
        words = line.split()
        if words[:1] == ["Depends:"] and words[1].startswith("linux-image-"):
            return words[1]
    cloud = metapackage == CLOUD_KERNEL
    cached = sorted(path.name for path in cache.glob("linux-image-[0-9]*"))
    cached = [name for name in cached if name.endswith("-cloud-amd64") == cloud]
    if cached:
        return cached[-1]
    raise Failed(
        f"The package {metapackage} cannot be found.",
        code="package-missing",
        remedy="Run: apt-get update",
    )


def _lists_exist() -> bool:
    return any(Path("/var/lib/apt/lists").glob("*Packages*"))

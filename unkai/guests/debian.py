"""Packages that the guest needs and the host should not install: fetched by apt, only unpacked.

apt checks the signatures. An unpacked package stays in the cache folder, named by its version, so
that a second build needs no network.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from unkai.guests.tools import run
from unkai.kit.errors import Failed

_KERNEL = "linux-image-cloud-amd64"


def kernel(cache: Path) -> Path:
    """The folder of the unpacked cloud kernel: boot/vmlinuz-*, lib/modules/*."""
    return unpacked(_kernel_package(cache), cache)


def unpacked(package: str, cache: Path) -> Path:
    """The folder the package was unpacked to."""
    place = cache / package
    if place.is_dir():
        return place
    work = cache / f".{package}.new"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    run("apt-get", "-q", "-o", "APT::Sandbox::User=", "download", package, cwd=work)
    (archive,) = work.glob("*.deb")
    run("dpkg-deb", "-x", archive, work / "tree")
    (work / "tree").rename(place)
    shutil.rmtree(work)
    return place


def _kernel_package(cache: Path) -> str:
    """The package that the metapackage stands for now; without package lists, the cached one."""
    said = run("apt-cache", "depends", "--important", _KERNEL).decode() if _lists_exist() else ""
    for line in said.splitlines():
        words = line.split()
        if words[:1] == ["Depends:"] and words[1].startswith("linux-image-"):
            return words[1]
    cached = sorted(path.name for path in cache.glob("linux-image-*"))
    if cached:
        return cached[-1]
    raise Failed(
        f"The package {_KERNEL} cannot be found.",
        code="package-missing",
        remedy="Run: apt-get update",
    )


def _lists_exist() -> bool:
    return any(Path("/var/lib/apt/lists").glob("*Packages*"))

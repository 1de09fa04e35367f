"""What guest and ramdisk share: busybox, programs with their libraries, kernel modules, our files.

Programs come from the host's Debian packages, libraries from where the host's loader finds them. Of
the kernel's modules only the named ones are taken, with what those depend upon.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from unkai.guests import tools

# Name, Debian package, place in the tree.
Program = tuple[str, str, str]


def add_folders(root: Path, folders: Iterable[str]) -> None:
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)


def add_links(root: Path, links: dict[str, str]) -> None:
    for place, target in links.items():
        (root / place).unlink(missing_ok=True)
        (root / place).symlink_to(target)


def add_busybox(root: Path) -> None:
    busybox = tools.find("busybox", "busybox-static")
    shutil.copy(busybox, root / "bin/busybox")
    (root / "bin/busybox").chmod(0o755)
    for applet in tools.run(busybox, "--list").decode().split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")


def add_programs(root: Path, programs: Iterable[Program]) -> None:
    libraries: set[Path] = set()
    for name, package, place in programs:
        source = tools.find(name, package)
        shutil.copy(source, root / place / name)
        (root / "bin" / name).unlink(missing_ok=True)  # busybox's smaller one of that name
        libraries |= needed_by(source)
    add_libraries(root, libraries)


def add_libraries(root: Path, libraries: Iterable[Path]) -> None:
    for library in libraries:
        folder = "lib64" if library.name.startswith("ld-linux") else "usr/lib"
        shutil.copy(library.resolve(), root / folder / library.name)


def needed_by(program: Path, beside: Path | None = None) -> set[Path]:
    """Its libraries. beside: where else to look for them than where the host has its own."""
    where = {"LD_LIBRARY_PATH": str(beside)} if beside else {}
    lines = tools.run("ldd", program, more=where).decode().splitlines()
    return {Path(word) for line in lines for word in line.split() if word.startswith("/")}


def add_modules(root: Path, kernel: Path, names: Iterable[str]) -> None:
    source = modules_folder(kernel)
    target = root / "lib/modules" / source.name
    for path in with_dependencies(source, names):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, target / path)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(source / name, target / name)
    tools.run("depmod", "-b", root, source.name)


def modules_folder(kernel: Path) -> Path:
    (found,) = (kernel / "lib/modules").iterdir()
    return found


def vmlinuz(kernel: Path) -> Path:
    (found,) = (kernel / "boot").glob("vmlinuz-*")
    return found


def with_dependencies(modules: Path, names: Iterable[str]) -> list[Path]:
    """Modules with all they need, in an order in which they can be loaded."""
    needs = _dependencies(modules)
    by_name = {re.sub(r"\.ko.*", "", Path(path).name).replace("-", "_"): path for path in needs}
    found: list[str] = []
    for name in names:
        path = by_name.get(name.replace("-", "_"))
        if path is not None:  # else it is built into this kernel, or absent from it
            found += [each for each in [*reversed(needs[path]), path] if each not in found]
    return [Path(path) for path in found]


def _dependencies(modules: Path) -> dict[str, list[str]]:
    listing = modules / "modules.dep"
    if not listing.exists():
        tools.run("depmod", "-b", modules.parents[2], modules.name)
    lines = (line.split(":") for line in listing.read_text().splitlines())
    return {path: rest.split() for path, rest in lines}


def copy_data(source: Path, target: Path) -> None:
    """Our files; whatever says how to run it may be run."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes()
            place.write_bytes(data)
            place.chmod(0o755 if data.startswith(b"#!") else 0o644)


def archive(folder: Path) -> bytes:
    """The folder as a cpio, which a kernel takes as its initial file system when compressed."""
    tools.stamp(folder)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    cpio = ("cpio", "-o", "-H", "newc", "-R", "0:0", "--reproducible", "--quiet")
    return tools.run(*cpio, cwd=folder, said="\n".join(names).encode())

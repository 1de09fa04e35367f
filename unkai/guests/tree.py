"""What is inside the guest: busybox and a handful of programs with their libraries, our scripts.

Programs come from the host's Debian packages, libraries from where the host's loader finds them. Of
the kernel's modules only what a cloud guest meets is taken, with what those depend upon.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from unkai.guests import tools
from unkai.guests.become_root import program

DATA = Path(__file__).parent / "cirros"
# Name, Debian package, place in the guest.
_PROGRAMS = (
    ("dropbear", "dropbear-bin", "usr/sbin"),
    ("dropbearkey", "dropbear-bin", "usr/bin"),
    ("resize2fs", "e2fsprogs", "sbin"),
    ("mke2fs", "e2fsprogs", "sbin"),
    ("sfdisk", "fdisk", "sbin"),
    ("partx", "util-linux", "sbin"),
    ("lsblk", "util-linux", "usr/bin"),
    ("blkid", "util-linux", "sbin"),
)
_LINKS = {
    "sbin/init": "../bin/busybox",
    "sbin/modprobe": "../bin/busybox",
    "sbin/mkfs.ext2": "mke2fs",
    "sbin/mkfs.ext3": "mke2fs",
    "sbin/mkfs.ext4": "mke2fs",
    "etc/mtab": "/proc/mounts",
    "var/run": "/run",
}
_FOLDERS = (
    *("bin", "sbin", "dev", "proc", "sys", "run", "tmp", "mnt", "root", "boot", "lib64"),
    *("usr/bin", "usr/sbin", "usr/lib", "home/cirros/.ssh", "etc/dropbear"),
    *("var/lib/cloud", "var/log", "var/tmp"),
)
_MODULES = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "virtio_balloon"),
    *("virtio_console", "virtio-rng", "button", "evdev", "psmouse", "qemu_fw_cfg"),
    *("sd_mod", "sr_mod", "isofs", "vfat", "nls_ascii", "nls_cp437", "nls_iso8859-1", "nls_utf8"),
)
_EARLY_MODULES = ("virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod")
_SETUID = 0o4755


def make_root(root: Path, kernel: Path) -> None:
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    _add_busybox(root)
    _add_programs(root)
    _add_modules(root, kernel)
    _copy_data(DATA / "root", root)
    for place, target in _LINKS.items():
        (root / place).unlink(missing_ok=True)
        (root / place).symlink_to(target)
    (root / "usr/bin/sudo").write_bytes(program("/usr/lib/become-root"))
    (root / "usr/bin/sudo").chmod(_SETUID)
    tools.stamp(root)


def make_initramfs(folder: Path, kernel: Path) -> bytes:
    """A busybox, the modules of the disk, and a script that mounts the root: a gzipped cpio."""
    for name in ("bin", "dev", "proc", "sys", "new", "lib"):
        (folder / name).mkdir(parents=True)
    busybox = tools.find("busybox", "busybox-static")
    shutil.copy(busybox, folder / "bin/busybox")
    modules = _modules_folder(kernel)
    order = [path.name for path in _with_dependencies(modules, _EARLY_MODULES)]
    for path in _with_dependencies(modules, _EARLY_MODULES):
        shutil.copy(modules / path, folder / "lib" / path.name)
    (folder / "lib/order").write_text("\n".join(order) + "\n")
    _copy_data(DATA / "initramfs", folder)
    tools.stamp(folder)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    cpio = ("cpio", "-o", "-H", "newc", "-R", "0:0", "--reproducible", "--quiet")
    archive = tools.run(*cpio, cwd=folder, said="\n".join(names).encode())
    return tools.run("gzip", "-9n", said=archive)


def vmlinuz(kernel: Path) -> Path:
    (found,) = (kernel / "boot").glob("vmlinuz-*")
    return found


def _add_busybox(root: Path) -> None:
    busybox = tools.find("busybox", "busybox-static")
    shutil.copy(busybox, root / "bin/busybox")
    (root / "bin/busybox").chmod(0o755)
    for applet in tools.run(busybox, "--list").decode().split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")


def _add_programs(root: Path) -> None:
    libraries: set[Path] = set()
    for name, package, place in _PROGRAMS:
        source = tools.find(name, package)
        shutil.copy(source, root / place / name)
        (root / "bin" / name).unlink(missing_ok=True)  # busybox's smaller one of that name
        for line in tools.run("ldd", source).decode().splitlines():
            libraries.update(Path(word) for word in line.split() if word.startswith("/"))
    for library in libraries:
        folder = "lib64" if library.name.startswith("ld-linux") else "usr/lib"
        shutil.copy(library.resolve(), root / folder / library.name)


def _add_modules(root: Path, kernel: Path) -> None:
    source = _modules_folder(kernel)
    target = root / "lib/modules" / source.name
    for path in _with_dependencies(source, _MODULES):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, target / path)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(source / name, target / name)
    tools.run("depmod", "-b", root, source.name)


def _modules_folder(kernel: Path) -> Path:
    (found,) = (kernel / "lib/modules").iterdir()
    return found


def _with_dependencies(modules: Path, names: tuple[str, ...]) -> list[Path]:
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


def _copy_data(source: Path, target: Path) -> None:
    """Our files; whatever says how to run it may be run."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes()
            place.write_bytes(data)
            place.chmod(0o755 if data.startswith(b"#!") else 0o644)

"""Images in another format than raw, converted once and kept.

Their bytes come from users. qemu-img is told the format and never guesses; it runs as `nobody`,
without network, with bounded memory and time, and gets both files as descriptors.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unkai.kit.errors import Failed

_CONVERT_S: Final = 3600.0
_MEMORY_BYTES: Final = 2 << 30
_CHUNK_BYTES: Final = 4 << 20
_NOBODY: Final = 65534


@dataclass(frozen=True, slots=True)
class RawImage:
    path: Path
    sha256: str
    size_bytes: int


class RawImages:
    """folder: ours alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns: dict[str, asyncio.Lock] = {}

    def open(self) -> None:
        """Drop what an interrupted conversion left."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for part in self._folder.glob("*.part"):
            part.unlink()

    async def have(self, image_id: str, source: Path, disk_format: str, size: int) -> RawImage:
        """The image as raw bytes. size: of the disk in it. Failed (code "image-unconvertible")."""
        path = self._folder / f"{image_id}.raw"
        async with self._turns.setdefault(image_id, asyncio.Lock()):
            if not path.exists():
                await self._convert(image_id, source, disk_format, size)
        sha256 = path.with_suffix(".sha256").read_text()
        return RawImage(path, sha256, path.stat().st_size)

    def ids(self) -> list[str]:
        """Of all images kept."""
        return sorted(path.stem for path in self._folder.glob("*.raw"))

    def evict(self, keep_ids: Collection[str], used: Collection[str]) -> list[str]:
        """Remove images but these and those at the paths in use; the ids of what went."""
        gone = [
            path
            for path in sorted(self._folder.glob("*.raw"))
            if path.stem not in keep_ids and str(path) not in used
        ]
        for path in gone:
            path.with_suffix(".sha256").unlink(missing_ok=True)
            path.unlink()
        return [path.stem for path in gone]

    async def _convert(self, image_id: str, source: Path, disk_format: str, size: int) -> None:
        part = self._folder / f"{image_id}.part"
        readable = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        writable = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(writable, size)
            if os.geteuid() == 0:
                os.fchown(writable, _NOBODY, -1)
            await _run(image_id, disk_format, readable, writable)
            os.fchown(writable, os.geteuid(), -1)
            digest = await asyncio.to_thread(_sha256, part)
            (self._folder / f"{image_id}.sha256").write_text(digest)
            part.rename(self._folder / f"{image_id}.raw")
        finally:
            os.close(readable)
            os.close(writable)
            part.unlink(missing_ok=True)


def command(disk_format: str, source: int, target: int, *, as_root: bool) -> list[str]:
    """qemu-img in its cage; only root can change the user and leave the network."""
    cage = ["unshare", "--net", "--ipc", "setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}"]
    cage += ["--clear-groups", "--no-new-privs"]
    limits = ["prlimit", f"--as={_MEMORY_BYTES}", f"--cpu={int(_CONVERT_S)}", "--core=0"]
    convert = ["qemu-img", "convert", "-n", "--target-is-zero", "-f", disk_format, "-O", "raw"]
    files = [f"/proc/self/fd/{source}", f"/proc/self/fd/{target}"]
    return [*(cage if as_root else []), *limits, *convert, *files]


async def _run(image_id: str, disk_format: str, source: int, target: int) -> None:
    child = await asyncio.create_subprocess_exec(
        *command(disk_format, source, target, as_root=os.geteuid() == 0),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(source, target),
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        cwd="/",
    )
    try:
        async with asyncio.timeout(_CONVERT_S):
            _, said = await child.communicate()
    except BaseException:
        child.kill()
        await child.wait()
        raise
    if child.returncode != 0:
        words = said.decode(errors="replace").strip()[-300:]
        raise Failed(
            f"Image {image_id} could not be converted from {disk_format} to raw: {words}",
            code="image-unconvertible",
            remedy="Upload it in raw format.",
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()

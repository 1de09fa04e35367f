"""Images by NFS, the alternative to HTTP: a folder that somebody's NFS server exports.

What a deploy needs is a hard link in the folder (a copy, where the image is on another file
system), under a name that only its node is told and that ends with the deploy. The folder may be
searched but not listed, so a server that maps root to nobody (root_squash) shows a file to who
knows its name. The links themselves are the memory: a restart finds what was published.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from unkai.kit.clock import Chance
from unkai.kit.errors import BadRequest

_EXPORT = re.compile(r"(?P<host>[A-Za-z0-9.-]+):(?P<path>/[A-Za-z0-9._/-]*)\Z")


class NfsExport:
    """folder: ours alone to write. export: how machines reach it, HOST:/PATH."""

    def __init__(self, folder: Path, export: str, chance: Chance) -> None:
        found = _EXPORT.match(export)
        if found is None or not folder.is_absolute():
            raise BadRequest(
                f"baremetal.nfs_export {export!r} must be HOST:/PATH, and nfs_folder "
                f"{str(folder)!r} the absolute path of the folder that is exported so.",
                code="nfs-export",
            )
        self._folder = folder
        self._url = f"nfs://{found['host']}{found['path'].rstrip('/')}"
        self._chance = chance

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o711)
        for part in self._folder.glob("*.part"):
            part.unlink()

    def publish(self, node_id: str, image: Path) -> str:
        """The image's address. The same file for the same node has the same. May take long."""
        for link in self._of(node_id):
            if link.samefile(image):
                return f"{self._url}/{link.name}"
            link.unlink()
        link = self._folder / f"{node_id}.{self._chance.token_urlsafe(24)}"
        part = link.with_name(f"{link.name}.part")
        try:
            os.link(image, part)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(image, part)
        part.chmod(0o644)
        part.rename(link)
        return f"{self._url}/{link.name}"

    def withdraw(self, node_id: str) -> None:
        for link in self._of(node_id):
            link.unlink(missing_ok=True)

    def nodes_but(self, keep: Collection[str]) -> list[str]:
        """Nodes that something is published for and that are not in `keep`."""
        if not self._folder.exists():
            return []
        found = {path.name.partition(".")[0] for path in self._folder.iterdir()}
        return sorted(found - set(keep))

    def _of(self, node_id: str) -> list[Path]:
        if not self._folder.exists():
            return []
        return sorted(self._folder.glob(f"{node_id}.*"))

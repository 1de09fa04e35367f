"""Files under a secret path: OS images while a deploy needs them, media for a BMC.

The secret is all that protects a file, so each node has its own, and it ends with the deploy. What
is published stands in small files, so that a restart breaks no transfer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from unkai.kit.clock import Chance


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """kind: image or media."""

    secret: str
    kind: str
    node_id: str
    path: str

    @property
    def name(self) -> str:
        """The last part of its address; firmwares look at the ending."""
        return f"{self.kind}.iso" if self.kind == "media" else self.kind


class PublishedFiles:
    def __init__(self, folder: Path, chance: Chance) -> None:
        self._folder = folder
        self._chance = chance
        self._by_secret: dict[str, Published] = {}

    def open(self) -> None:
        """Read what an earlier process published."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(msgspec.DecodeError):
                found = msgspec.json.decode(path.read_bytes(), type=Published)
                self._by_secret[found.secret] = found

    def find(self, secret: str) -> Published | None:
        return self._by_secret.get(secret)

    def publish(self, node_id: str, kind: str, path: Path) -> str:
        """The path below our address. The same file for the same node has the same."""
        for found in self._by_secret.values():
            if (found.node_id, found.kind, found.path) == (node_id, kind, str(path)):
                return _address(found)
        secret = self._chance.token_urlsafe(24)
        made = Published(secret=secret, kind=kind, node_id=node_id, path=str(path))
        new = self._folder / f".{secret}"
        new.write_bytes(msgspec.json.encode(made))
        new.replace(self._folder / f"{secret}.json")
        self._by_secret[secret] = made
        return _address(made)

    def withdraw(self, node_id: str, kind: str) -> None:
        gone = [
            one for one in self._by_secret.values() if (one.node_id, one.kind) == (node_id, kind)
        ]
        for found in gone:
            (self._folder / f"{found.secret}.json").unlink(missing_ok=True)
            del self._by_secret[found.secret]

    def nodes_but(self, kind: str, keep: Collection[str]) -> list[str]:
        """Nodes that have something of this kind and are not in `keep`."""
        found = {one.node_id for one in self._by_secret.values() if one.kind == kind}
        return sorted(found - set(keep))

    def paths(self) -> set[str]:
        return {one.path for one in self._by_secret.values()}


def _address(one: Published) -> str:
    return f"/files/{one.secret}/{one.name}"

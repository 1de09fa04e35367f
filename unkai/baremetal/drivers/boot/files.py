"""What each machine gets when it boots from the network: one small file per node.

Held in memory and on disk, so that a restart forgets nothing. A node has an entry only while it is
to boot a ramdisk (or an image of its own); a MAC without one boots from its disk.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from unkai.baremetal.model import SanVolume
from unkai.kit.errors import BadRequest

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f]")
_URL: Final = re.compile(r"https?://[!-~]+\Z")


VOLUMES: Final = "volumes"
"""The mode of an entry that has them."""


class BootEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a node boots.

    mode: deploy, clean, ... or "instance". kernel, initramfs: a path of ours or an http URL.
    arguments: words of the kernel's command line; "{url}" in one stands for our address.
    volumes: what it has by iSCSI, and boots from on its tenant's network.
    """

    node_id: str
    mode: str
    macs: tuple[str, ...] = ()
    kernel: str = ""
    initramfs: str = ""
    arguments: tuple[str, ...] = ()
    volumes: tuple[SanVolume, ...] = ()


class BootFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: dict[str, BootEntry] = {}
        self._by_mac: dict[str, str] = {}

    def open(self) -> None:
        """Read what an earlier process wrote."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.glob("*.json"):
            try:
                self._index(msgspec.json.decode(path.read_bytes(), type=BootEntry))
            except msgspec.DecodeError:
                path.unlink()

    def put(self, entry: BootEntry) -> None:
        """Replace what the node had."""
        new = self._folder / f".{entry.node_id}.new"
        new.touch(mode=0o600)
        new.write_bytes(msgspec.json.encode(entry))
        new.replace(self._path(entry.node_id))
        self._forget(entry.node_id)
        self._index(entry)

    def remove(self, node_id: str) -> None:
        self._path(node_id).unlink(missing_ok=True)
        self._forget(node_id)

    def of_node(self, node_id: str) -> BootEntry | None:
        return self._entries.get(node_id)

    def of_mac(self, mac: str) -> BootEntry | None:
        return self._entries.get(self._by_mac.get(mac.lower(), ""))

    def nodes_but(self, keep: Collection[str]) -> list[str]:
        """Nodes that have an entry and are not in `keep`."""
        return sorted(set(self._entries) - set(keep))

    def _path(self, node_id: str) -> Path:
        return self._folder / f"{node_id}.json"

    def _index(self, entry: BootEntry) -> None:
        self._entries[entry.node_id] = entry
        self._by_mac |= dict.fromkeys(entry.macs, entry.node_id)

    def _forget(self, node_id: str) -> None:
        entry = self._entries.pop(node_id, None)
        for mac in entry.macs if entry else ():
            if self._by_mac.get(mac) == node_id:
                del self._by_mac[mac]


def is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def check_line(text: str, key: str) -> str:
    """BadRequest for what would start another line of a script."""
    if _UNSAFE.search(text):
        raise BadRequest(f"driver_info/{key} must be one line of text.", code="driver-info")
    return text


def check_url(url: str, key: str) -> str:
    if not _URL.match(url):
        raise BadRequest(f"driver_info/{key} is not an http address.", code="driver-info")
    return url

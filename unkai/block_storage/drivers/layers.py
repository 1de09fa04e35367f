"""The files of volumes: layers, and who stands on which.

    layers/NAME          a raw or qcow2 file; only the top of a volume is ever written to
    layers/NAME.json     its format, size and the layer below; written when the file is whole
    volumes/ID.json      the volume's top layer
    snapshots/ID.json    the layer that a snapshot froze
    work/                what is being made; nobody's after a crash

A layer's name begins with the id of the volume it was made for, or "image-" and the image's id.
Each small file is replaced in one step. Everything is also kept in memory: one process owns the
folder, and nothing else writes to it.

Rejected: qcow2's internal snapshots (they cannot be shared by volumes, nor read while the volume is
open), and believing the names inside qcow2 headers, which a guest's QEMU can write.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from unkai.block_storage.drivers.base import Encryption

Kind = Literal["volumes", "snapshots"]


class LayerInfo(Struct, frozen=True, kw_only=True):
    format: Literal["raw", "qcow2"]
    size: int
    below: str | None = None
    encryption: Encryption | None = None


class Pointer(Struct, frozen=True, kw_only=True):
    layer: str
    size: int


class Layers:
    """See the module docstring; its methods are short pieces of disk work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "layers"
        self.work = folder / "work"
        self._pointers = {"volumes": folder / "volumes", "snapshots": folder / "snapshots"}
        self._info: dict[str, LayerInfo] = {}
        self._named: dict[Kind, dict[str, Pointer]] = {"volumes": {}, "snapshots": {}}
        self._users: dict[str, int] = {}
        self.on_change: Callable[[], None] | None = None
        """Called before every change of the disk, for tests that crash there."""

    def open(self) -> None:
        """Make the folders, read what is there, drop what interrupted work left."""
        for path in (self.folder, self.work, *self._pointers.values()):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o700)
        for part in self.work.iterdir():
            part.unlink()
        for path in self.folder.glob("*.json"):
            info = msgspec.json.decode(path.read_bytes(), type=LayerInfo)
            self._info[path.stem] = info
            self._use(info.below, 1)
        for kind, place in self._pointers.items():
            for path in place.glob("*.json"):
                found = msgspec.json.decode(path.read_bytes(), type=Pointer)
                self._named[kind][path.stem] = found  # type: ignore[index]
                self._use(found.layer, 1)

    def path(self, name: str) -> Path:
        return self.folder / name

    def info(self, name: str) -> LayerInfo | None:
        return self._info.get(name)

    def named(self, kind: Kind, thing_id: str) -> Pointer | None:
        return self._named[kind].get(thing_id)

    def ids(self, kind: Kind) -> frozenset[str]:
        return frozenset(self._named[kind])

    def chain(self, name: str) -> Iterator[tuple[str, LayerInfo]]:
        """The layer and those below it."""
        below: str | None = name
        while below is not None:
            info = self._info[below]
            yield below, info
            below = info.below

    def add(self, name: str, made: Path, info: LayerInfo) -> None:
        """Take a whole file as the layer; one that is there already stays as it is."""
        if name in self._info:
            made.unlink(missing_ok=True)
            return
        self._changes()
        made.replace(self.path(name))
        self._write(self.folder / f"{name}.json", msgspec.json.encode(info))
        self._info[name] = info
        self._use(info.below, 1)

    def resize(self, name: str, size: int) -> None:
        info = msgspec.structs.replace(self._info[name], size=size)
        self._write(self.folder / f"{name}.json", msgspec.json.encode(info))
        self._info[name] = info

    def point(self, kind: Kind, thing_id: str, pointer: Pointer) -> None:
        """Make this its layer; what the one before leaves without a user goes."""
        before = self._named[kind].get(thing_id)
        if before == pointer:
            return
        self._write(self._pointers[kind] / f"{thing_id}.json", msgspec.json.encode(pointer))
        self._named[kind][thing_id] = pointer
        self._use(pointer.layer, 1)
        if before is not None:
            self._use(before.layer, -1)
            self.release(before.layer)

    def forget(self, kind: Kind, thing_id: str) -> None:
        self._changes()
        before = self._named[kind].pop(thing_id, None)
        (self._pointers[kind] / f"{thing_id}.json").unlink(missing_ok=True)
        if before is not None:
            self._use(before.layer, -1)
            self.release(before.layer)

    def release(self, name: str | None) -> None:
        """Remove the layer and those below it, as far as nothing stands on them."""
        while name is not None and self._users.get(name, 0) == 0:
            info = self._info.pop(name, None)
            if info is None:
                return
            self._changes()
            (self.folder / f"{name}.json").unlink(missing_ok=True)
            self._changes()
            self.path(name).unlink(missing_ok=True)
            self._use(info.below, -1)
            name = info.below

    def own(self, volume_id: str) -> list[str]:
        """Layers made for a volume that nothing stands on."""
        mine = (n for n in self._info if n == volume_id or n.startswith(f"{volume_id}."))
        return [name for name in mine if self._users.get(name, 0) == 0]

    def strays(self) -> frozenset[str]:
        """Files of `layers` that no volume and no snapshot stands on."""
        files = {path.name.removesuffix(".json") for path in self.folder.iterdir()}
        return frozenset(name for name in files if self._users.get(name, 0) == 0)

    def drop(self, name: str) -> None:
        """A stray; with a description its layers below may follow."""
        if name in self._info:
            self.release(name)
        else:
            self.path(name).unlink(missing_ok=True)
            (self.folder / f"{name}.json").unlink(missing_ok=True)

    def begun(self, mark: str) -> list[tuple[str, str | None]]:
        """Layers made under this mark that nothing stands on, with what is below each."""
        return [
            (name, info.below)
            for name, info in self._info.items()
            if name.endswith(f".{mark}") and self._users.get(name, 0) == 0
        ]

    def mergeable(self, volume_id: str) -> tuple[str | None, str, str] | None:
        """The lowest two layers of a volume that it alone stands on, after what is above them."""
        names = [name for name, _ in self.chain(self._named["volumes"][volume_id].layer)]
        pairs = list(zip([None, *names], names, names[1:], strict=False))
        return next((found for found in reversed(pairs) if self._may_merge(*found[1:])), None)

    def _may_merge(self, upper: str, lower: str) -> bool:
        """An image's file is the image store's too, by another name."""
        alone = self._users.get(upper) == self._users.get(lower) == 1
        same = self._info[upper].encryption == self._info[lower].encryption
        return alone and same and self.path(lower).stat().st_nlink == 1

    def merged(self, volume_id: str, above: str | None, upper: str, lower: str) -> None:
        """`lower` has all that `upper` has: take it for both, under a name that is the volume's."""
        name = next(one for n in count() if (one := f"{volume_id}.merged{n}") not in self._info)
        self.keep(name, lower)
        self.resize(name, self._info[upper].size)
        if above is None:
            size = self._named["volumes"][volume_id].size
            self.point("volumes", volume_id, Pointer(layer=name, size=size))
            return
        info = msgspec.structs.replace(self._info[above], below=name)
        self._write(self.folder / f"{above}.json", msgspec.json.encode(info))
        self._info[above] = info
        self._use(name, 1)
        self._use(upper, -1)
        self.release(upper)

    def kept(self, prefix: str) -> dict[str, int]:
        """Sizes of the layers that nothing stands on and that have such a name."""
        return {
            n: self._info[n].size for n in self.strays() & set(self._info) if n.startswith(prefix)
        }

    def keep(self, name: str, layer: str) -> None:
        """The layer under another name, for it to stay when its own goes."""
        made = self.work / name
        made.unlink(missing_ok=True)
        os.link(self.path(layer), made)
        self.add(name, made, self._info[layer])

    def take(self, name: str, volume_id: str) -> None:
        """Make a kept layer a volume's."""
        self.keep(volume_id, name)
        self.point("volumes", volume_id, Pointer(layer=volume_id, size=self._info[name].size))
        self.release(name)

    def _use(self, name: str | None, count: int) -> None:
        if name is not None:
            self._users[name] = self._users.get(name, 0) + count

    def _write(self, path: Path, data: bytes) -> None:
        self._changes()
        fresh = self.work / f"{path.parent.name}-{path.name}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        self._changes()
        fresh.replace(path)

    def _changes(self) -> None:
        if self.on_change is not None:
            self.on_change()

"""What a volume driver does. One suite (tests/drivers/test_volumes.py) runs on all of them.

Every verb brings about a state, so that an operation resumed after a crash asks again, and a verb
that was interrupted anywhere leaves the old contents or the new. Sizes are bytes. A volume's first
bytes are zeros or its source's: never what another volume left.

Where somebody has the volume open, the verb is given a `Guest`, through which the driver does what
must not happen behind its back. Without one nobody has it open: the service saw to that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct

from unkai.block_storage.connection import Connection
from unkai.block_storage.model import Attachment
from unkai.kit.errors import Failed, NotFound
from unkai.kit.secret import Secret

Extent = tuple[int, bytes]
"""Offset and bytes of a part of the contents; what no extent tells of is zeros."""


@dataclass(frozen=True, slots=True)
class ImageData:
    """An image's data, inspected: `format` is true, it stands alone, `path` may be linked to."""

    id: str
    path: Path
    format: str
    virtual_size: int


class Encryption(Struct, frozen=True):
    """AES in XTS, in a LUKS container that the key opens; key_bits: of the cipher, 256 or 512."""

    key_id: str
    key_bits: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """What `read_sealed` gave: its bytes, and how many they are with all holes."""

    extents: AsyncIterator[Extent]
    length: int


class Keys(Protocol):
    """Where the keys of encrypted volumes are kept; handed in by boot."""

    async def secret(self, key_id: str) -> Secret:
        """Failed("volume-key-missing")."""
        ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """Bytes of the place that the driver keeps volumes in."""

    total: int
    free: int


KEPT_SNAPSHOT: Final = "_snapshot-"
"""Begins the names of snapshots that the service gave up; they go with their volume."""


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    volume_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Census:
    """What is there, by the ids of its owners; strays belong to none."""

    volumes: frozenset[str]
    snapshots: frozenset[str]
    strays: frozenset[str] = frozenset()
    kept: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sizes of what was abandoned, by name."""
    kept_snapshots: Mapping[str, KeptSnapshot] = field(default_factory=dict[str, KeptSnapshot])


class Guest(Protocol):
    """Whoever has a volume open for writing. Both verbs may be repeated."""

    async def switch(self, connection: Connection) -> None:
        """Write into the first layer of this connection from now on.

        The layers below are those that were open already, in their order.
        """
        ...

    async def grow(self, connection: Connection) -> None:
        """See a disk of the connection's size."""
        ...


class Guests(Protocol):
    """The way to guests: the hypervisors' side, handed in by boot."""

    def of(self, attachments: tuple[Attachment, ...]) -> Guest:
        """Whoever has these attachments open. Unavailable where it cannot be reached."""
        ...


class VolumeDriver(Protocol):
    """mark: names a piece of work, for what it makes to be found again when it is repeated.

    encryption: what is written lies encrypted. What is made of a volume or snapshot, or put on top
    of it, has the encryption that it has.
    """

    name: str
    encrypts: bool
    """Whether volumes can be encrypted at all; where not, no `encryption` is ever given."""

    async def create(self, volume_id: str, size: int, encryption: Encryption | None = None) -> None:
        """A volume of zeros. Failed("volume-store-full")."""
        ...

    async def create_from_image(
        self, volume_id: str, size: int, image: ImageData, encryption: Encryption | None = None
    ) -> None: ...

    async def create_from_snapshot(self, volume_id: str, size: int, snapshot_id: str) -> None: ...

    async def clone(
        self, volume_id: str, size: int, source_id: str, guest: Guest | None = None
    ) -> None: ...

    async def snapshot(
        self, snapshot_id: str, volume_id: str, guest: Guest | None = None
    ) -> None: ...

    async def extend(self, volume_id: str, size: int, guest: Guest | None = None) -> None:
        """Never smaller: a size that it has already is fine."""
        ...

    async def revert(self, volume_id: str, snapshot_id: str, mark: str) -> None:
        """The snapshot's contents; the volume keeps a size that is larger."""
        ...

    async def replace(
        self, volume_id: str, size: int, mark: str, contents: ImageData | AsyncIterator[Extent]
    ) -> None:
        """Other contents, at once and whole: until they are all there, the old ones."""
        ...

    async def rewrite(self, volume_id: str, mark: str, encryption: Encryption | None) -> None:
        """The same contents under another encryption, or none; at once and whole too."""
        ...

    def read(self, volume_id: str, mark: str) -> AbstractAsyncContextManager[Contents]:
        """The contents of a volume that nobody has open."""
        ...

    def read_snapshot(
        self, snapshot_id: str, mark: str
    ) -> AbstractAsyncContextManager[Contents]: ...

    def read_sealed(
        self, volume_id: str, mark: str, snapshot_id: str | None = None
    ) -> AbstractAsyncContextManager[Contents]:
        """An encrypted volume's contents, or its snapshot's, as bytes that only its key opens."""
        ...

    async def unseal(
        self, volume_id: str, size: int, mark: str, given: Sealed, encryption: Encryption
    ) -> None:
        """Such contents in the place of a volume's own, at once and whole.

        encryption: that they were sealed with; the volume has it then.
        """
        ...

    async def delete(self, volume_id: str) -> None:
        """Unknown is fine. What other volumes stand on stays, hidden, as long as they do."""
        ...

    async def delete_snapshot(self, snapshot_id: str) -> None: ...

    async def rename_snapshot(self, snapshot_id: str, new: str) -> None:
        """One that begins with KEPT_SNAPSHOT is told among `Census.kept_snapshots`. NotFound."""
        ...

    async def connect(self, volume_id: str, *, read_only: bool) -> Connection:
        """How it is opened now. NotFound("volume-data-missing")."""
        ...

    async def secrets(self, volume_id: str) -> dict[str, Secret]:
        """What it is opened with besides, by use ("luks", "cephx"); never part of a connection."""
        ...

    async def disconnect(self, volume_id: str) -> None:
        """Nobody has it open any more: what was handed out to reach it is worth nothing."""
        ...

    async def abandon(self, volume_id: str) -> None:
        """Forget the volume and keep its data, as "volume-<id>" of `Census.kept`."""
        ...

    async def adopt(self, volume_id: str, name: str) -> int:
        """Make what is kept under this name a volume; its size. NotFound."""
        ...

    async def capacity(self) -> Capacity: ...

    async def census(self) -> Census: ...

    async def tidy(self, names: frozenset[str]) -> None:
        """Remove these strays; only while no work is under way that made them."""
        ...


class Contents(Protocol):
    """Frozen contents, open for reading."""

    size: int

    def extents(self) -> AsyncIterator[Extent]:
        """In their order; at most 4 MiB each, starting at a multiple of that."""
        ...

    async def as_image(self, disk_format: str) -> Path:
        """A file that stands alone, in this format; it is gone when the contents are closed."""
        ...


def missing(kind: str, thing_id: str) -> NotFound:
    return NotFound(f"The data of {kind} {thing_id} is not there.", code="volume-data-missing")


def store_full() -> Failed:
    return Failed(
        "There is no room for the volume's data.",
        code="volume-store-full",
        remedy="Delete volumes that are not needed, or ask an administrator for space.",
    )

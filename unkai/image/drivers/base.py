"""What a store of image data and an inspector do.

Data comes in through an `Incoming`, which nobody sees until it is kept; kept data never changes.
Every method that touches a disk does so in a thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from unkai.image.model import Verdict
from unkai.kit.errors import Conflict, TooLarge

BLOCK_BYTES = 1 << 20


class Incoming(Protocol):
    """Data on its way in. Either `Store.keep` or `discard` ends it."""

    def write(self, block: bytes | bytearray) -> None:
        """Append a block; called in a thread, one block after the other.

        Raises TooLarge (code "image-store-full").
        """
        ...

    def fileno(self) -> int:
        """A descriptor that can be read at any offset."""
        ...

    async def discard(self) -> None:
        """Leave nothing behind; also after a failed write, and twice."""
        ...


class Reader(Protocol):
    """Kept data, open: it can be read to its end even if it is deleted meanwhile."""

    size: int

    async def read(self, offset: int, length: int) -> bytes: ...

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class Store(Protocol):
    """Where data is kept, by image id."""

    async def begin(self, upload_id: str, expected_bytes: int | None) -> Incoming:
        """Take in new data. TooLarge (code "image-store-full") if so much cannot fit."""
        ...

    async def keep(self, incoming: Incoming, image_id: str) -> None:
        """Make the data durable and, at once and whole, the image's.

        Conflict (code "image-data-exists") if the image has data: that never changes.
        """
        ...

    async def open(self, image_id: str) -> Reader:
        """NotFound if nothing is kept for the image."""
        ...

    async def delete(self, image_id: str) -> None:
        """Forget the data; nothing happens if there is none."""
        ...

    async def kept(self) -> set[str]:
        """Ids of all images with data here."""
        ...

    async def incoming(self) -> set[str]:
        """Upload ids with data that is neither kept nor discarded."""
        ...

    async def discard_incoming(self, upload_id: str) -> None:
        """What an upload left behind that is no more."""
        ...

    def path(self, image_id: str) -> Path:
        """Where a local program can open the data for reading."""
        ...


class Inspector(Protocol):
    """Says what data really is; it never raises because of what is in it."""

    async def inspect(
        self, fd: int, disk_format: str, container_format: str, size: int
    ) -> Verdict: ...


def store_full(error: OSError | None = None) -> TooLarge:
    """The store's disk has no room for the data."""
    return TooLarge(
        "There is not enough disk space on the image storage media.",
        code="image-store-full",
        remedy="Delete images that are not needed, or ask an administrator for space.",
    )


def data_exists(image_id: str) -> Conflict:
    return Conflict(f"Image {image_id} has data already.", code="image-data-exists")

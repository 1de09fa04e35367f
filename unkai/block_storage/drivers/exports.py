"""Volumes as iSCSI targets: what the service asks of whoever serves them, and a played one.

Level-triggered: `open` brings about what an export says, whatever was there, and `close` that
nothing of it is left. What the other side was told (its name and secret) is worth nothing after
`close`: its session is over and no login succeeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from unkai.block_storage.connection import Connection
from unkai.block_storage.drivers.base import Guest
from unkai.block_storage.model import Export
from unkai.kit.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Served:
    """What is there of one export. whole: all that it needs; sessions: names of initiators."""

    whole: bool
    sessions: tuple[str, ...] = ()


BROKEN = Served(whole=False)


class Exporter(Protocol):
    async def open(self, export: Export, connection: Connection) -> None:
        """Serve it. Idempotent; Unavailable where its portal is not there yet, Failed.

        connection: how the volume is opened, unless the export has it open already.
        """
        ...

    async def close(self, volume_id: str) -> None:
        """Serve it no more: target, sessions and processes are gone. Unknown is fine."""
        ...

    async def present(self) -> Mapping[str, Served]:
        """Everything that is there, by the volume's id, whoever asked for it."""
        ...

    def guest(self, volume_id: str) -> Guest:
        """The export as whoever has the volume open."""
        ...


class FakeExporter:
    """Remembers; `kill` plays the death of what serves."""

    def __init__(self) -> None:
        self.served: dict[str, tuple[Export, Connection]] = {}
        self.dead: set[str] = set()
        self.sessions: dict[str, tuple[str, ...]] = {}

    async def open(self, export: Export, connection: Connection) -> None:
        _, had = self.served.get(export.volume_id, (export, connection))
        self.served[export.volume_id] = (export, had)
        self.dead.discard(export.volume_id)

    async def close(self, volume_id: str) -> None:
        self.served.pop(volume_id, None)
        self.sessions.pop(volume_id, None)
        self.dead.discard(volume_id)

    async def present(self) -> Mapping[str, Served]:
        return {
            one: Served(one not in self.dead, self.sessions.get(one, ())) for one in self.served
        }

    def guest(self, volume_id: str) -> Guest:
        return _PlayedGuest(self, volume_id)

    def kill(self, volume_id: str) -> None:
        self.dead.add(volume_id)
        self.sessions.pop(volume_id, None)


class _PlayedGuest:
    def __init__(self, exporter: FakeExporter, volume_id: str) -> None:
        self._exporter = exporter
        self._volume_id = volume_id

    async def switch(self, connection: Connection) -> None:
        self._set(connection)

    async def grow(self, connection: Connection) -> None:
        self._set(connection)

    def _set(self, connection: Connection) -> None:
        found = self._exporter.served.get(self._volume_id)
        if found is None or self._volume_id in self._exporter.dead:
            raise away(self._volume_id)
        self._exporter.served[self._volume_id] = (found[0], connection)


def away(volume_id: str) -> Unavailable:
    return Unavailable(
        f"What serves volume {volume_id} by iSCSI does not answer; it is being started again.",
        code="export-away",
        remedy="Try again in a moment.",
    )

"""The block storage service: its tools and whom it calls; every action takes it first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unkai.block_storage.drivers.backup_store import BackupStore
from unkai.block_storage.drivers.base import Guests, VolumeDriver
from unkai.block_storage.drivers.exports import Exporter, FakeExporter
from unkai.block_storage.model import Portal
from unkai.kit.workbench import Kit
from unkai.settings import BlockStorageSettings

if TYPE_CHECKING:
    from unkai.identity.service import Identity
    from unkai.image.service import ImageService


@dataclass(frozen=True, slots=True)
class BlockStorage:
    """guests: the way to whoever has a volume open, for what cannot be done behind its back.

    exports: who serves volumes by iSCSI. portal: where those reach them that say no network.
    export_wakers: called when an export is to be looked at; the reconciler adds itself.
    """

    kit: Kit
    settings: BlockStorageSettings
    identity: Identity
    images: ImageService
    driver: VolumeDriver
    backups: BackupStore
    guests: Guests
    exports: Exporter = field(default_factory=FakeExporter)
    portal: Portal = field(default_factory=lambda: Portal("", "127.0.0.1"))
    export_wakers: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    @property
    def backend(self) -> str:
        """The host of cinder-volume, as os-services names it."""
        return f"{self.settings.host_name}@{self.driver.name}"

    @property
    def pool(self) -> str:
        return f"{self.backend}#{self.driver.name}"

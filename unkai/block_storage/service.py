"""The block storage service: its tools and whom it calls; every action takes it first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unkai.block_storage.drivers.backup_store import BackupStore
from unkai.block_storage.drivers.base import Guests, VolumeDriver
from unkai.block_storage.drivers.exports import Exporter, FakeExporter
from unkai.block_storage.model import Portal
from unkai.kit.errors import Unavailable
from unkai.kit.workbench import Kit
from unkai.settings import BlockStorageSettings

if TYPE_CHECKING:
    from unkai.identity.service import Identity
    from unkai.image.service import ImageService


@dataclass(frozen=True, slots=True)
class Backend:
    """A place where volumes lie. service_host: the machine of cinder-volume, as Cinder names it."""

    name: str
    driver: VolumeDriver
    service_host: str

    @property
    def host(self) -> str:
        """Of cinder-volume, as os-services names it."""
        return f"{self.service_host}@{self.name}"

    @property
    def pool(self) -> str:
        """What volumes say of their host. Each backend has one pool, of its own name."""
        return f"{self.host}#{self.name}"


@dataclass(frozen=True, slots=True)
class BlockStorage:
    """drivers: of each backend, by its name; the first is where volumes lie by default.

    guests: the way to whoever has a volume open, for what cannot be done behind its back.

    exports: who serves volumes by iSCSI. portal: where those reach them that say no network.
    export_wakers: called when an export is to be looked at; the reconciler adds itself.
    """

    kit: Kit
    settings: BlockStorageSettings
    identity: Identity
    images: ImageService
    drivers: Mapping[str, VolumeDriver]
    backups: BackupStore
    guests: Guests
    exports: Exporter = field(default_factory=FakeExporter)
    portal: Portal = field(default_factory=lambda: Portal("", "127.0.0.1"))
    export_wakers: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    @property
    def backends(self) -> tuple[Backend, ...]:
        here = self.settings.host_name
        return tuple(Backend(name, driver, here) for name, driver in self.drivers.items())

    def named(self, host: str) -> Backend | None:
        """The backend that a client means by `host@backend` or `host@backend#pool`."""
        return next((one for one in self.backends if host in (one.host, one.pool)), None)

    def place_of(self, host: str | None) -> str:
        """The name of the backend that a volume says it is on, whether that is there or not."""
        return host.partition("@")[2].partition("#")[0] if host else next(iter(self.drivers))

    def at(self, host: str | None) -> Backend:
        """The backend of a volume, by what it says of its host; None is by default.

        Unavailable (code "backend-missing") where the settings do not name it any more.
        """
        name = self.place_of(host)
        driver = self.drivers.get(name)
        if driver is None:
            raise Unavailable(
                f"The backend {name!r} of block storage, on which the volume lies, is not there.",
                code="backend-missing",
                remedy="An administrator must name it in the settings (block_storage.backends).",
            )
        return Backend(name, driver, self.settings.host_name)

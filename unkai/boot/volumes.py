"""The backends that a cloud keeps its volumes on, each with the driver of its own."""

from __future__ import annotations

from pathlib import Path

from unkai.block_storage.actions.encryption import SealedKeys
from unkai.block_storage.drivers.base import VolumeDriver
from unkai.block_storage.drivers.ceph import CephDriver
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.rbd import Access
from unkai.identity.service import Identity
from unkai.kit.errors import BadRequest
from unkai.settings import Settings


def open_volume_drivers(settings: Settings, identity: Identity) -> dict[str, VolumeDriver]:
    """As the settings say, the default first. Unavailable("ceph-missing").

    BadRequest("settings-invalid") where two would lie in one place: each removes what is not its.
    """
    said = settings.block_storage
    pool, folder = said.ceph_pool, settings.volume_dir
    places = {said.driver: (said.driver, pool if said.driver == "ceph" else str(folder))}
    places |= said.further_backends()
    pools = [place for driver, place in places.values() if driver == "ceph"]
    folders = {
        name: (settings.state_dir / place).resolve()
        for name, (driver, place) in places.items()
        if driver == "file"
    }
    _check_apart(settings, pools, list(folders.values()))
    drivers: dict[str, VolumeDriver] = {}
    for name, (_, place) in places.items():
        if name in folders:
            drivers[name] = _file(folders[name], identity)
        else:
            work = folder.with_name(f"{folder.name}-{name}-work")
            drivers[name] = _ceph(settings, place, work)
    return drivers


def _check_apart(settings: Settings, pools: list[str], folders: list[Path]) -> None:
    wrong = "two backends have the same pool" if len(set(pools)) < len(pools) else None
    taken = [*folders, settings.backup_dir.resolve(), (settings.state_dir / "images").resolve()]
    for number, one in enumerate(folders):
        for other in taken[number + 1 :]:
            if one.is_relative_to(other) or other.is_relative_to(one):
                wrong = f"{one} and {other} are to hold different things, and one is in the other"
    if wrong is not None:
        raise BadRequest(
            f"A setting is wrong: of block_storage.backends {wrong}.", code="settings-invalid"
        )


def _file(folder: Path, identity: Identity) -> VolumeDriver:
    folder.mkdir(parents=True, exist_ok=True)
    keys = SealedKeys(identity.kit.database, identity.vault)
    driver = FileDriver(folder, keys=keys, chance=identity.kit.chance)
    driver.open()
    return driver


def _ceph(settings: Settings, pool: str, work: Path) -> VolumeDriver:
    said = settings.block_storage
    keyring = said.ceph_keyring or f"/etc/ceph/ceph.client.{said.ceph_user}.keyring"
    access = Access(pool, said.ceph_user, Path(said.ceph_conf), Path(keyring))
    driver = CephDriver(access, work)
    driver.open()
    return driver

"""The driver that a cloud keeps its volumes by."""

from __future__ import annotations

from pathlib import Path

from unkai.block_storage.actions.encryption import SealedKeys
from unkai.block_storage.drivers.base import VolumeDriver
from unkai.block_storage.drivers.ceph import CephDriver
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.rbd import Access
from unkai.identity.service import Identity
from unkai.settings import Settings


def open_volume_driver(settings: Settings, identity: Identity) -> VolumeDriver:
    """As the settings say. Unavailable("ceph-missing")."""
    said = settings.block_storage
    if said.driver == "ceph":
        keyring = said.ceph_keyring or f"/etc/ceph/ceph.client.{said.ceph_user}.keyring"
        access = Access(said.ceph_pool, said.ceph_user, Path(said.ceph_conf), Path(keyring))
        ceph = CephDriver(access, settings.volume_dir / "work")
        ceph.open()
        return ceph
    keys = SealedKeys(identity.kit.database, identity.vault)
    driver = FileDriver(settings.volume_dir, keys=keys, chance=identity.kit.chance)
    driver.open()
    return driver

"""On which backend a volume comes to lie, and which ones a volume may be brought to.

A type asks by its extra specs (`volume_backend_name`, `storage_protocol`, `vendor_name`) and its
encryption; what is made of a volume or a snapshot lies where that does. Whoever asks for nothing
gets the first backend of the settings that takes new volumes, so that another one, added to a cloud
that is in use, changes nothing until a type names it. Rejected: the one with most room, which would
ask every store in every admission and put neighbours apart that are cloned from each other.
"""

from __future__ import annotations

from unkai.block_storage.model import VENDOR, Volume, VolumeType
from unkai.block_storage.service import Backend, BlockStorage
from unkai.block_storage.store import hosts
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest


def misses(backend: Backend, kind: VolumeType) -> str | None:
    """What the type asks for and the backend has not; None where it fits."""
    has = {
        "volume_backend_name": backend.name,
        "storage_protocol": backend.driver.name,
        "vendor_name": VENDOR,
    }
    for name, wanted in kind.extra_specs.items():
        key = name.removeprefix("capabilities:")
        if key in has and wanted.removeprefix("<in> ") != has[key]:
            return f"{key} is {has[key]}, not {wanted}"
    if kind.encryption is not None and not backend.driver.encrypts:
        return f"volumes on {backend.name} are not encrypted"
    return None


async def choose_backend(
    block: BlockStorage, session: Session, kind: VolumeType, origin: Volume | None = None
) -> Backend | None:
    """Where a new volume of this type goes; origin: the volume that its data is of.

    None where no backend is as the type asks. BadRequest (code "no-backend") while an administrator
    keeps new volumes away from those that are.
    """
    there = block.backends if origin is None else (block.at(origin.host),)
    fitting = [one for one in there if misses(one, kind) is None]
    if not fitting:
        return None
    closed = await closed_backends(session)
    found = next((one for one in fitting if one.host not in closed), None)
    if found is None:
        told = ", ".join(f"{one.host} is {closed[one.host]}" for one in fitting)
        raise BadRequest(f"No valid backend was found: {told}.", code="no-backend")
    return found


async def closed_backends(session: Session) -> dict[str, str]:
    """Hosts of backends that take no new volumes: "disabled" or "frozen"."""
    return {
        one.host: "disabled" if one.disabled else "frozen"
        for one in await hosts.all_hosts(session)
        if one.binary == "cinder-volume" and (one.disabled or one.frozen)
    }


def why_none(block: BlockStorage, kind: VolumeType, origin: Volume | None = None) -> str:
    """What each backend lacks, where none fits."""
    there = block.backends if origin is None else (block.at(origin.host),)
    return "; ".join(filter(None, (misses(one, kind) for one in there)))

"""Data without a volume or snapshot, and the other way round, for the operator's audit."""

from __future__ import annotations

from unkai.block_storage.drivers.base import Census
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import backups, exports, snapshots, volumes
from unkai.kit.leftovers import Leftover


async def audit_volumes(block: BlockStorage) -> list[Leftover]:
    session = block.kit.database.reader
    found: list[Leftover] = []
    had: dict[str, frozenset[str]] = {}
    frozen: set[str] = set()
    moving = set(await block.kit.operations.held(session, "volume"))
    for place, driver in block.drivers.items():
        census = await driver.census()
        moving |= set(await block.kit.operations.held(session, "volume"))
        found += await _too_much(block, place, census, moving)
        had[place] = census.volumes
        frozen |= census.snapshots
    places = await volumes.hosts(session)
    found += [
        Leftover("block-storage", "volume-without-data", one, "Its data is not there.")
        for one in sorted(await volumes.whole(session))
        if one in places and one not in had.get(block.place_of(places[one]), ())
    ]
    found += [
        Leftover("block-storage", "snapshot-without-data", one, "Its data is not there.")
        for one in sorted(await snapshots.whole(session) - frozen)
    ]
    found += [
        Leftover("block-storage", "backup-data", one, "This data belongs to no backup.")
        for one in sorted(await block.backups.kept() - await backups.data_ids(session))
    ]
    return found + await _exports(block)


async def _too_much(
    block: BlockStorage, place: str, census: Census, moving: set[str]
) -> list[Leftover]:
    """What a backend has that nothing names, or that what names it has elsewhere.

    moving: subjects of work that may have a volume's data in two places.
    """
    session = block.kit.database.reader
    places = await volumes.hosts(session)
    found = [
        Leftover("block-storage", "volume-data", one, "This data belongs to no volume.")
        for one in sorted(census.volumes - places.keys())
    ]
    found += [
        Leftover("block-storage", "volume-copy", one, f"It is not on backend {place} any more.")
        for one in sorted(census.volumes & places.keys())
        if block.place_of(places[one]) != place and f"volume/{one}" not in moving
    ]
    found += [
        Leftover("block-storage", "snapshot-data", one, "This data belongs to no snapshot.")
        for one in sorted(census.snapshots - await snapshots.ids(session))
    ]
    return found + [
        Leftover("block-storage", "file", one, "No volume stands on this file.")
        for one in sorted(census.strays)
    ]


async def _exports(block: BlockStorage) -> list[Leftover]:
    """iSCSI: what is served without a right to be, what is not, and who is logged in."""
    present = await block.exports.present()
    wanted = {one.volume_id: one for one in await exports.listed(block.kit.database.reader)}
    found: list[Leftover] = []
    for volume_id, served in sorted(present.items()):
        export = wanted.get(volume_id)
        if export is None:
            problem = "This volume is served by iSCSI, and no attachment asks for that."
            found.append(Leftover("block-storage", "export", volume_id, problem))
            continue
        found += [
            Leftover(
                "block-storage",
                "iscsi-session",
                f"{volume_id}: {name}",
                f"The volume is served to {export.initiator} alone.",
            )
            for name in served.sessions
            if name != export.initiator
        ]
    whole = {one for one, served in present.items() if served.whole}
    problem = "A machine has this volume by iSCSI, and nothing serves it."
    return found + [
        Leftover("block-storage", "export-not-served", one, problem)
        for one in sorted(wanted.keys() - whole)
    ]

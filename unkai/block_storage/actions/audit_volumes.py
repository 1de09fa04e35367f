"""Data without a volume or snapshot, and the other way round, for the operator's audit."""

from __future__ import annotations

from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import backups, exports, snapshots, volumes
from unkai.kit.leftovers import Leftover


async def audit_volumes(block: BlockStorage) -> list[Leftover]:
    session = block.kit.database.reader
    census = await block.driver.census()
    of_volumes, of_snapshots = await volumes.ids(session), await snapshots.ids(session)
    found = [
        Leftover("block-storage", "volume-data", one, "This data belongs to no volume.")
        for one in sorted(census.volumes - of_volumes)
    ]
    found += [
        Leftover("block-storage", "snapshot-data", one, "This data belongs to no snapshot.")
        for one in sorted(census.snapshots - of_snapshots)
    ]
    found += [
        Leftover("block-storage", "file", one, "No volume stands on this file.")
        for one in sorted(census.strays)
    ]
    found += [
        Leftover("block-storage", "volume-without-data", one, "Its data is not there.")
        for one in sorted(await volumes.whole(session) - census.volumes)
    ]
    found += [
        Leftover("block-storage", "snapshot-without-data", one, "Its data is not there.")
        for one in sorted(await snapshots.whole(session) - census.snapshots)
    ]
    found += [
        Leftover("block-storage", "backup-data", one, "This data belongs to no backup.")
        for one in sorted(await block.backups.kept() - await backups.data_ids(session))
    ]
    return found + await _exports(block)


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

"""What block storage does by itself, and the operations it knows."""

from __future__ import annotations

from unkai.block_storage.actions.backups import DELETE_BACKUP
from unkai.block_storage.actions.change_contents import REIMAGE_VOLUME, REVERT_VOLUME
from unkai.block_storage.actions.create_backup import CREATE_BACKUP
from unkai.block_storage.actions.create_snapshot import CREATE_SNAPSHOT
from unkai.block_storage.actions.create_volume import CREATE_VOLUME
from unkai.block_storage.actions.delete_snapshot import DELETE_SNAPSHOT
from unkai.block_storage.actions.delete_volume import DELETE_VOLUME
from unkai.block_storage.actions.extend_volume import EXTEND_VOLUME
from unkai.block_storage.actions.forget_project import forget_project
from unkai.block_storage.actions.group_snapshots import (
    DELETE_GROUP_SNAPSHOT,
    FILL_GROUP_SNAPSHOT,
)
from unkai.block_storage.actions.groups import DELETE_GROUP, FILL_GROUP
from unkai.block_storage.actions.manage_snapshot import MANAGE_SNAPSHOT, UNMANAGE_SNAPSHOT
from unkai.block_storage.actions.manage_volume import MANAGE_VOLUME, UNMANAGE_VOLUME
from unkai.block_storage.actions.migrate_volume import MIGRATE_VOLUME
from unkai.block_storage.actions.restore_backup import RESTORE_BACKUP
from unkai.block_storage.actions.retype_volume import RETYPE_VOLUME
from unkai.block_storage.actions.upload_volume import UPLOAD_VOLUME
from unkai.block_storage.reconcilers.keep_exports import KeepExports
from unkai.block_storage.reconcilers.remove_orphans import RemoveOrphans
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import messages
from unkai.kit.events import Event
from unkai.kit.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    CREATE_VOLUME,
    DELETE_VOLUME,
    EXTEND_VOLUME,
    CREATE_SNAPSHOT,
    DELETE_SNAPSHOT,
    REVERT_VOLUME,
    REIMAGE_VOLUME,
    UPLOAD_VOLUME,
    RETYPE_VOLUME,
    MIGRATE_VOLUME,
    MANAGE_VOLUME,
    UNMANAGE_VOLUME,
    MANAGE_SNAPSHOT,
    UNMANAGE_SNAPSHOT,
    CREATE_BACKUP,
    RESTORE_BACKUP,
    DELETE_BACKUP,
    FILL_GROUP,
    DELETE_GROUP,
    FILL_GROUP_SNAPSHOT,
    DELETE_GROUP_SNAPSHOT,
)


def add_reconcilers(block: BlockStorage) -> None:
    """Make reconcilers and operations known to the kit; called once, by boot."""
    kit = block.kit
    for operation in OPERATIONS:
        kit.operations.register(operation, block)

    async def forget_messages() -> None:
        await kit.database.transact(lambda tx: messages.prune(tx, kit.clock.now()))

    async def forget(event: Event) -> None:
        await kit.database.transact(lambda tx: forget_project(tx, event.key))

    kit.events.subscribe("project.deleted", forget)
    kit.reconcilers.add("volume-orphans", RemoveOrphans(block).run, every_s=300.0)
    keeping = kit.reconcilers.add("volume-exports", KeepExports(block).run, every_s=15.0)
    block.export_wakers.append(keeping.wake)
    kit.reconcilers.add("volume-messages", forget_messages, every_s=3600.0)

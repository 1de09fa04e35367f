"""Rows of attachments."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from unkai.block_storage.model import Attachment, ListQuery
from unkai.block_storage.store import listing
from unkai.block_storage.store.schema import volume_attachments
from unkai.kit.db import AnyRow, Session, Tx, among

COLUMNS = tuple(column.name for column in volume_attachments.c)
ONE = select(volume_attachments).where(volume_attachments.c.id == bindparam("one"))
OF_VOLUMES = (
    select(volume_attachments)
    .where(among(volume_attachments.c.volume_id))
    .order_by(volume_attachments.c.created_at, volume_attachments.c.id)
)
ADD = insert(volume_attachments)
REMOVE = delete(volume_attachments).where(volume_attachments.c.id == bindparam("one"))


def of_row(row: AnyRow) -> Attachment:
    return Attachment(**{name: getattr(row, name) for name in COLUMNS})


async def find(session: Session, attachment_id: str) -> Attachment | None:
    row = await session.first(ONE, {"one": attachment_id})
    return of_row(row) if row else None


async def of_volumes(
    session: Session, volume_ids: Collection[str]
) -> dict[str, tuple[Attachment, ...]]:
    """By volume; volumes without any are absent."""
    found: dict[str, tuple[Attachment, ...]] = {}
    if not volume_ids:
        return found
    for row in await session.all(OF_VOLUMES, {"ids": sorted(volume_ids)}):
        found[row.volume_id] = (*found.get(row.volume_id, ()), of_row(row))
    return found


async def of_volume(session: Session, volume_id: str) -> tuple[Attachment, ...]:
    return (await of_volumes(session, (volume_id,))).get(volume_id, ())


async def of_instance(session: Session, instance_id: str) -> list[Attachment]:
    """A server's, oldest first."""
    statement = select(volume_attachments).where(volume_attachments.c.instance_id == instance_id)
    ordered = statement.order_by(volume_attachments.c.created_at, volume_attachments.c.id)
    return [of_row(row) for row in await session.all(ordered)]


async def of_servers(session: Session) -> list[Attachment]:
    """Those that compute made."""
    statement = select(volume_attachments).where(
        volume_attachments.c.guarded.is_(True), volume_attachments.c.instance_id.is_not(None)
    )
    return [of_row(row) for row in await session.all(statement)]


async def of_initiators(session: Session) -> list[Attachment]:
    """Those that were given a connector."""
    statement = select(volume_attachments).where(volume_attachments.c.attached_host.is_not(None))
    found = [of_row(row) for row in await session.all(statement)]
    return [one for one in found if (one.connector or {}).get("initiator")]


async def page(session: Session, query: ListQuery) -> list[Attachment]:
    return [of_row(row) for row in await listing.page(session, volume_attachments, query)]


async def add(tx: Tx, attachment: Attachment) -> None:
    await tx.execute(ADD, {name: getattr(attachment, name) for name in COLUMNS})


async def change(tx: Tx, attachment_id: str, **values: Any) -> None:
    statement = update(volume_attachments).where(volume_attachments.c.id == attachment_id)
    await tx.execute(statement.values(**values))


async def remove(tx: Tx, attachment_id: str) -> None:
    await tx.execute(REMOVE, {"one": attachment_id})

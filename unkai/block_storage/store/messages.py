"""Rows of messages; they go by themselves when their time is over."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from unkai.block_storage.model import ListQuery, Message
from unkai.block_storage.store import listing
from unkai.block_storage.store.schema import messages
from unkai.kit.db import AnyRow, Session, Tx

COLUMNS = tuple(column.name for column in messages.c)


def of_row(row: AnyRow) -> Message:
    return Message(**{name: getattr(row, name) for name in COLUMNS})


async def find(session: Session, message_id: str) -> Message | None:
    row = await session.first(select(messages).where(messages.c.id == message_id))
    return of_row(row) if row else None


async def page(session: Session, query: ListQuery) -> list[Message]:
    return [of_row(row) for row in await listing.page(session, messages, query)]


async def add(tx: Tx, message: Message) -> None:
    await tx.execute(insert(messages), {name: getattr(message, name) for name in COLUMNS})


async def remove(tx: Tx, message_id: str) -> None:
    await tx.execute(delete(messages).where(messages.c.id == message_id))


async def remove_of(tx: Tx, project_id: str) -> None:
    await tx.execute(delete(messages).where(messages.c.project_id == project_id))


async def prune(tx: Tx, now: float) -> None:
    await tx.execute(delete(messages).where(messages.c.guaranteed_until < now))

"""Rows of imports: what was asked, and what became of it."""

from __future__ import annotations

from sqlalchemy import insert, select, tuple_, update

from unkai.image.model import ImportTask
from unkai.image.store.schema import image_imports
from unkai.kit.db import AnyRow, Session, Tx

FIELDS = tuple(column.name for column in image_imports.c)


async def add(tx: Tx, task: ImportTask) -> None:
    await tx.execute(insert(image_imports).values(**{name: getattr(task, name) for name in FIELDS}))


async def list_of(session: Session, image_id: str) -> list[ImportTask]:
    rows = await session.all(
        select(image_imports)
        .where(image_imports.c.image_id == image_id)
        .order_by(image_imports.c.created_at, image_imports.c.id)
    )
    return [_task(row) for row in rows]


async def list_all(session: Session, limit: int, marker: str | None = None) -> list[ImportTask]:
    """The newest first, behind the marker's if one is given."""
    statement = select(image_imports)
    if marker is not None:
        at = select(image_imports.c.created_at).where(image_imports.c.id == marker)
        statement = statement.where(
            tuple_(image_imports.c.created_at, image_imports.c.id)
            < tuple_(at.scalar_subquery(), marker)
        )
    statement = statement.order_by(image_imports.c.created_at.desc(), image_imports.c.id.desc())
    return [_task(row) for row in await session.all(statement.limit(limit))]


async def find(session: Session, task_id: str) -> ImportTask | None:
    row = await session.first(select(image_imports).where(image_imports.c.id == task_id))
    return _task(row) if row else None


def _task(row: AnyRow) -> ImportTask:
    return ImportTask(**{name: getattr(row, name) for name in FIELDS})


async def set_status(tx: Tx, task_id: str, status: str, message: str, at: float) -> None:
    await tx.execute(
        update(image_imports)
        .where(image_imports.c.id == task_id)
        .values(status=status, message=message, updated_at=at)
    )

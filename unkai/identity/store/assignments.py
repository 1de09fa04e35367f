"""Rows of role assignments and implications."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, exists, insert, select

from unkai.identity.model import Assignment
from unkai.identity.store.rows import as_model, as_values, read
from unkai.identity.store.schema import assignments, implications
from unkai.kit.db import Session, Tx


def _same(assignment: Assignment) -> list[ColumnElement[bool]]:
    return [assignments.c[name] == value for name, value in as_values(assignment).items()]


async def has(session: Session, assignment: Assignment) -> bool:
    return bool(await session.scalar(select(exists().where(*_same(assignment)))))


async def grant(tx: Tx, assignment: Assignment) -> None:
    """Give the role; nothing happens if it is given already."""
    if not await has(tx, assignment):
        await tx.execute(insert(assignments).values(as_values(assignment)))


async def revoke(tx: Tx, assignment: Assignment) -> bool:
    return await tx.count(delete(assignments).where(*_same(assignment))) > 0


async def find(
    session: Session,
    *,
    actor: tuple[str, str] | None = None,
    target: tuple[str, str] | None = None,
    role_id: str | None = None,
    inherited: bool | None = None,
) -> Sequence[Assignment]:
    """Assignments as they were made. actor, target: (type, id)."""
    table = assignments.c
    statement = select(assignments)
    if actor is not None:
        statement = statement.where(table.actor_type == actor[0], table.actor_id == actor[1])
    if target is not None:
        statement = statement.where(table.target_type == target[0], table.target_id == target[1])
    if role_id is not None:
        statement = statement.where(table.role_id == role_id)
    if inherited is not None:
        statement = statement.where(table.inherited.is_(inherited))
    order = (table.actor_id, table.target_id, table.role_id, table.inherited)
    return [as_model(Assignment, row) for row in await read(session, statement.order_by(*order))]


async def forget_actor(tx: Tx, actor_id: str) -> None:
    await tx.execute(delete(assignments).where(assignments.c.actor_id == actor_id))


async def forget_target(tx: Tx, target_id: str) -> None:
    await tx.execute(delete(assignments).where(assignments.c.target_id == target_id))


def _implication(prior_id: str, implied_id: str) -> tuple[ColumnElement[bool], ...]:
    return implications.c.prior_id == prior_id, implications.c.implied_id == implied_id


async def implies(session: Session, prior_id: str, implied_id: str) -> bool:
    return bool(await session.scalar(select(exists().where(*_implication(prior_id, implied_id)))))


async def imply(tx: Tx, prior_id: str, implied_id: str) -> None:
    if not await implies(tx, prior_id, implied_id):
        await tx.execute(insert(implications).values(prior_id=prior_id, implied_id=implied_id))


async def stop_implying(tx: Tx, prior_id: str, implied_id: str) -> bool:
    return await tx.count(delete(implications).where(*_implication(prior_id, implied_id))) > 0

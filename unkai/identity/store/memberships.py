"""Rows of who is in which group."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, delete, exists, insert, select

from unkai.identity.model import Group, User
from unkai.identity.store import rows
from unkai.identity.store.schema import groups, memberships, users
from unkai.kit.db import Session, Tx


async def has(session: Session, user_id: str, group_id: str) -> bool:
    same = and_(memberships.c.user_id == user_id, memberships.c.group_id == group_id)
    return bool(await session.scalar(select(exists().where(same))))


async def add(tx: Tx, user_id: str, group_id: str) -> None:
    if not await has(tx, user_id, group_id):
        await tx.execute(insert(memberships).values(user_id=user_id, group_id=group_id))


async def remove(tx: Tx, user_id: str, group_id: str) -> bool:
    same = and_(memberships.c.user_id == user_id, memberships.c.group_id == group_id)
    return await tx.count(delete(memberships).where(same)) > 0


async def users_in(session: Session, group_id: str, page: rows.Page) -> Sequence[User]:
    inside = users.c.id.in_(select(memberships.c.user_id).where(memberships.c.group_id == group_id))
    return await rows.find(session, users, User, page, inside)


async def groups_of(session: Session, user_id: str, page: rows.Page) -> Sequence[Group]:
    inside = groups.c.id.in_(select(memberships.c.group_id).where(memberships.c.user_id == user_id))
    return await rows.find(session, groups, Group, page, inside)


async def group_ids_of(session: Session, user_id: str) -> list[str]:
    statement = select(memberships.c.group_id).where(memberships.c.user_id == user_id)
    return list(await session.scalars(statement))


async def members(session: Session, group_ids: Collection[str]) -> dict[str, list[str]]:
    """User ids by group id."""
    found: dict[str, list[str]] = {group_id: [] for group_id in group_ids}
    ordered = list(found)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        statement = select(memberships).where(memberships.c.group_id.in_(part))
        for row in await rows.read(session, statement.order_by(memberships.c.user_id)):
            found[row["group_id"]].append(row["user_id"])
    return found

"""Rows of members: projects an image is shared with."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select, update

from unkai.image.model import Member, MemberStatus
from unkai.image.store.schema import image_members
from unkai.kit.db import AnyRow, Session, Tx


def _member(row: AnyRow) -> Member:
    return Member(
        image_id=row.image_id,
        member_id=row.member_id,
        status=MemberStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def find(session: Session, image_id: str, member_id: str) -> Member | None:
    row = await session.first(
        select(image_members).where(
            image_members.c.image_id == image_id, image_members.c.member_id == member_id
        )
    )
    return _member(row) if row else None


async def list_of(session: Session, image_id: str, only: str | None = None) -> list[Member]:
    """The image's members, or the one of them that `only` names."""
    statement = select(image_members).where(image_members.c.image_id == image_id)
    if only is not None:
        statement = statement.where(image_members.c.member_id == only)
    rows = await session.all(
        statement.order_by(image_members.c.created_at, image_members.c.member_id)
    )
    return [_member(row) for row in rows]


async def count(session: Session, image_id: str) -> int:
    return await session.scalar(
        select(func.count()).select_from(image_members).where(image_members.c.image_id == image_id)
    )


async def add(tx: Tx, member: Member) -> None:
    await tx.execute(
        insert(image_members).values(
            image_id=member.image_id,
            member_id=member.member_id,
            status=member.status.value,
            created_at=member.created_at,
            updated_at=member.updated_at,
        )
    )


async def set_status(
    tx: Tx, image_id: str, member_id: str, status: MemberStatus, at: float
) -> None:
    await tx.execute(
        update(image_members)
        .where(image_members.c.image_id == image_id, image_members.c.member_id == member_id)
        .values(status=status.value, updated_at=at)
    )


async def remove(tx: Tx, image_id: str, member_id: str) -> bool:
    return bool(
        await tx.count(
            delete(image_members).where(
                image_members.c.image_id == image_id, image_members.c.member_id == member_id
            )
        )
    )


async def remove_of_project(tx: Tx, project_id: str) -> None:
    await tx.execute(delete(image_members).where(image_members.c.member_id == project_id))

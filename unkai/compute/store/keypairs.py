"""Keypairs; each belongs to a user."""

from __future__ import annotations

from sqlalchemy import select

from unkai.compute.model import Keypair
from unkai.compute.store.schema import keypairs
from unkai.kit.db import AnyRow, Session


def of_row(row: AnyRow) -> Keypair:
    return Keypair(**row._asdict())


async def get_keypair(session: Session, user_id: str, name: str) -> Keypair | None:
    row = await session.first(
        select(keypairs).where(keypairs.c.user_id == user_id, keypairs.c.name == name)
    )
    return of_row(row) if row else None

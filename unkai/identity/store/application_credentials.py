"""Rows of application credentials."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from unkai.identity.model import ApplicationCredential
from unkai.identity.store import rows
from unkai.identity.store.schema import application_credentials as table
from unkai.kit.db import Session, Tx


async def get(session: Session, credential_id: str) -> ApplicationCredential | None:
    return await rows.get(session, table, ApplicationCredential, credential_id)


async def by_name(session: Session, user_id: str, name: str) -> ApplicationCredential | None:
    statement = select(table).where(table.c.user_id == user_id, table.c.name == name)
    row = await rows.read_one(session, statement)
    return None if row is None else rows.as_model(ApplicationCredential, row)


async def of_user_in(
    session: Session, user_id: str, project_id: str
) -> Sequence[ApplicationCredential]:
    same = rows.Page(equal={"user_id": user_id, "project_id": project_id})
    return await rows.find(session, table, ApplicationCredential, same)


async def forget_user_in(tx: Tx, user_id: str, project_id: str) -> None:
    await tx.execute(
        delete(table).where(table.c.user_id == user_id, table.c.project_id == project_id)
    )

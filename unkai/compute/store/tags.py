"""Tags of servers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, insert, select

from unkai.compute.store.schema import server_tags
from unkai.kit.db import Session, Tx, among

_OF_SERVERS = select(server_tags).where(among(server_tags.c.server_id)).order_by("tag")


async def tags_of(session: Session, server_ids: Collection[str]) -> dict[str, list[str]]:
    """The tags of each server, sorted."""
    rows = await session.all(_OF_SERVERS, {"ids": server_ids})
    found: dict[str, list[str]] = {server_id: [] for server_id in server_ids}
    for row in rows:
        found[row.server_id].append(row.tag)
    return found


async def set_tags(tx: Tx, server_id: str, tags: Collection[str]) -> None:
    await tx.execute(delete(server_tags).where(server_tags.c.server_id == server_id))
    if tags:
        await tx.execute(
            insert(server_tags), [{"server_id": server_id, "tag": tag} for tag in set(tags)]
        )

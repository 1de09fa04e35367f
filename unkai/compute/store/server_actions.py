"""What was asked of servers, for os-instance-actions; kept when the server is gone."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select, update

from unkai.compute.model import ActionEvent, ServerAction
from unkai.compute.store.schema import server_actions
from unkai.kit.db import AnyRow, Session, Tx


def of_row(row: AnyRow) -> ServerAction:
    return msgspec.convert(row, ServerAction, from_attributes=True)


async def add_actions(tx: Tx, added: list[ServerAction]) -> None:
    await tx.execute(insert(server_actions), [_values(action) for action in added])


def _values(action: ServerAction) -> dict[str, object]:
    return {name: getattr(action, name) for name in action.__struct_fields__}


async def end_action(
    tx: Tx,
    server_id: str,
    request_id: str,
    *,
    now: float,
    host: str | None,
    error: str | None = None,
) -> None:
    """Close the action's open event: Success, or Error with its message."""
    row = await tx.first(
        select(server_actions.c.id, server_actions.c.events).where(
            server_actions.c.server_id == server_id, server_actions.c.request_id == request_id
        )
    )
    if row is None:
        return
    events = msgspec.convert(row.events, list[ActionEvent])
    closed = [
        event
        if event.ended_at is not None
        else msgspec.structs.replace(
            event,
            ended_at=now,
            result="Error" if error else "Success",
            host=host,
            details=error,
        )
        for event in events
    ]
    await tx.execute(
        update(server_actions)
        .where(server_actions.c.id == row.id)
        .values(events=closed, updated_at=now, message="Error" if error else None)
    )


async def list_actions(
    session: Session,
    server_id: str,
    *,
    since: float | None = None,
    before: float | None = None,
    limit: int | None = None,
    marker: str | None = None,
) -> list[ServerAction]:
    """Newest first; `marker` is the request id of the last one of the page before."""
    c = server_actions.c
    query = select(server_actions).where(c.server_id == server_id)
    if since is not None:
        query = query.where(c.updated_at >= since)
    if before is not None:
        query = query.where(c.updated_at <= before)
    if marker is not None:
        last = select(c.id).where(c.server_id == server_id, c.request_id == marker)
        query = query.where(c.id < last.scalar_subquery())
    rows = await session.all(query.order_by(c.id.desc()).limit(limit))
    return [of_row(row) for row in rows]


async def get_action(session: Session, server_id: str, request_id: str) -> ServerAction | None:
    row = await session.first(
        select(server_actions).where(
            server_actions.c.server_id == server_id, server_actions.c.request_id == request_id
        )
    )
    return of_row(row) if row else None

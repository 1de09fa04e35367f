"""What was asked of servers, for os-instance-actions; kept when the server is gone."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, insert, select, update

from unkai.compute.model import ServerAction
from unkai.compute.store.schema import server_actions
from unkai.kit.db import AnyRow, Session, Tx


def of_row(row: AnyRow) -> ServerAction:
    return msgspec.convert(row, ServerAction, from_attributes=True)


_INSERT = insert(server_actions)


async def add_actions(tx: Tx, added: list[ServerAction]) -> None:
    await tx.execute(_INSERT, [_values(action) for action in added])


def _values(action: ServerAction) -> dict[str, object]:
    return {name: getattr(action, name) for name in action.__struct_fields__}


_END = (
    update(server_actions)
    .where(
        server_actions.c.server_id == bindparam("of_server"),
        server_actions.c.request_id == bindparam("of_request"),
    )
    .values(
        updated_at=bindparam("now"),
        ended_at=bindparam("now"),
        result=bindparam("said"),
        message=bindparam("error_word"),
        details=bindparam("why"),
    )
)


async def end_action(
    tx: Tx, server_id: str, request_id: str, *, now: float, error: str | None = None
) -> None:
    """Close the action: Success, or Error with its message."""
    await tx.execute(
        _END,
        {
            "of_server": server_id,
            "of_request": request_id,
            "now": now,
            "said": "Error" if error else "Success",
            "error_word": "Error" if error else None,
            "why": error,
        },
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

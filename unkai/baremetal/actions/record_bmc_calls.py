"""What BMCs were asked, onto their nodes' timelines: gathered in memory, written in batches.

A crash loses at most the last second of it; what an operation did is in the operation's own rows.
"""

from __future__ import annotations

from typing import Any

import structlog

from unkai.baremetal.drivers.guard import BmcCall
from unkai.kit.db import Database, Tx
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

MOST_AT_ONCE = 500
MOST_WAITING = 20_000
"""Beyond it the oldest are dropped: a database that is away must not eat the memory."""


class BmcCalls:
    """A `CallObserver`; `write` belongs to a reconciler."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[dict[str, Any]] = []

    def bmc_called(self, call: BmcCall) -> None:
        bound = structlog.contextvars.get_contextvars()
        self._waiting.append(
            event(
                f"node/{call.node_uuid}",
                who.BARE_METAL_NODE_BMC,
                call.action,
                started_at=call.started_at,
                ended_at=call.ended_at,
                request_id=str(bound.get("request_id") or ""),
                outcome=call.outcome,
                detail=call.detail,
            )
        )
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[:MOST_AT_ONCE]

    async def write(self) -> None:
        while self._waiting:
            batch = self._waiting[:MOST_AT_ONCE]

            async def save(tx: Tx) -> None:
                await record(tx, *batch)  # noqa: B023 - awaited before the next turn

            await self._database.transact(save)
            del self._waiting[: len(batch)]

"""GET /operations: the durable work under way, and what blocks it."""

from __future__ import annotations

from typing import Any

import msgspec

from unkai.kit.clock import iso
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator


class Filter(msgspec.Struct):
    subject: str | None = None
    active: bool = False


async def list_operations(call: Call) -> dict[str, Any]:
    operator: Operator = call.service
    wanted = call.query(Filter)
    kit = operator.kit
    found = await kit.operations.list(
        kit.database.reader, subject=wanted.subject, active=wanted.active
    )
    return {
        "operations": [
            {
                "id": item.id,
                "kind": item.kind,
                "subject": item.subject,
                "state": item.state,
                "step": item.step,
                "blocker": item.blocker,
                "error": item.error,
                "next_at": item.next_at and iso(item.next_at),
                "attempts": item.attempts,
                "created_at": iso(item.created_at),
                "updated_at": iso(item.updated_at),
            }
            for item in found
            if call.caller.may_see(item.project_id)
        ]
    }


ROUTES = (
    Route(
        "GET",
        "/operations",
        list_operations,
        policy="unkai:operations:list",
        query=Filter,
        summary="Durable work",
    ),
)

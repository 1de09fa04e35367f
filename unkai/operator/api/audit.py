"""GET /audit: what is left over, both ways; an empty list is the proof of a clean cloud."""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Route
from unkai.operator.actions.audit import audit
from unkai.operator.service import Operator


async def show_audit(call: Call) -> dict[str, Any]:
    operator: Operator = call.service
    found = await audit(operator)
    return {
        "leftovers": [
            {"where": item.where, "kind": item.kind, "id": item.id, "problem": item.problem}
            for item in found
        ],
        "looked_at": sorted(operator.audits),
    }


ROUTES = (Route("GET", "/audit", show_audit, policy="unkai:audit", summary="What is left over"),)

"""Whether the cloud lives, and what it is made of."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from unkai.kit import metrics
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator


async def show_health(call: Call) -> Response:
    """200 when every part works, 503 with the parts' words when one does not."""
    operator: Operator = call.service
    parts = await operator.health()
    ok = all(word == "ok" for word in parts.values())
    return JSONResponse({"ok": ok, "parts": parts}, status_code=200 if ok else 503)


async def show_status(call: Call) -> dict[str, Any]:
    operator: Operator = call.service
    return {
        **operator.facts,
        "parts": await operator.health(),
        "reconcilers": [
            {
                "name": reconciler.name,
                "runs": reconciler.runs,
                "failures": reconciler.failures,
                "last_error": reconciler.last_error,
            }
            for reconciler in operator.kit.reconcilers
        ],
    }


async def show_metrics(call: Call) -> Response:
    return Response(metrics.render(), media_type="text/plain; version=0.0.4")


ROUTES = (
    Route("GET", "/health", show_health, policy=None, summary="Whether the cloud lives"),
    Route("GET", "/status", show_status, policy="unkai:status", summary="What runs"),
    Route("GET", "/metrics", show_metrics, policy="unkai:metrics", summary="For Prometheus"),
)

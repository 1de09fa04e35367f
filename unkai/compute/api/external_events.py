"""POST /os-server-external-events: what another service has to tell about servers.

Nothing waits for these here: services of one process tell each other by events of their own. They
are checked and answered as clients of the API expect.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Struct
from starlette.responses import JSONResponse

from unkai.compute.api import shapes
from unkai.compute.service import Compute
from unkai.compute.store import servers
from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route

Name = Literal[
    "network-changed",
    "network-vif-plugged",
    "network-vif-unplugged",
    "network-vif-deleted",
    "volume-extended",
    "power-update",
    "accelerator-request-bound",
]


class ExternalEvent(Struct, forbid_unknown_fields=True):
    name: Name
    server_uuid: shapes.Uuid
    status: Literal["failed", "completed", "in-progress"] = "completed"
    tag: Annotated[str, msgspec.Meta(max_length=255)] | None = None


class ExternalEvents(Struct, forbid_unknown_fields=True):
    events: Annotated[list[ExternalEvent], msgspec.Meta(min_length=1)]


async def take_events(call: Call) -> JSONResponse:
    compute: Compute = call.service
    reader = compute.kit.database.reader
    answered: list[dict[str, Any]] = []
    for event in call.body.events:
        server = await servers.get_server(reader, event.server_uuid)
        there = server is not None and server.deleted_at is None
        code = 404 if not there else 200 if server is not None and server.host else 422
        status = event.status if code == 200 else "failed"
        shown = {"name": event.name, "server_uuid": event.server_uuid, "status": status}
        answered.append({**shown, "code": code} | ({"tag": event.tag} if event.tag else {}))
    codes = {one["code"] for one in answered}
    if codes == {404}:
        raise NotFound("No instances found for any event", code="server-unknown")
    return JSONResponse({"events": answered}, status_code=200 if codes == {200} else 207)


ROUTES = (
    Route(
        "POST",
        "/os-server-external-events",
        take_events,
        policy="os_compute_api:os-server-external-events:create",
        body=ExternalEvents,
        summary="Take what another service tells about servers",
    ),
)

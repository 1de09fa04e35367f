"""/manageable_snapshots and its older name: snapshots that are kept with their volumes."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.block_storage.actions.manage_snapshot import manage_snapshot, unmanage_snapshot
from unkai.block_storage.api.shapes import Id, Name, Said, Text
from unkai.block_storage.api.views import snapshot_view
from unkai.block_storage.model import GIB
from unkai.block_storage.service import BlockStorage
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


class Managed(Struct, forbid_unknown_fields=True):
    volume_id: Id
    ref: dict[str, Any]
    name: Name | None = None
    description: Text | None = None
    metadata: Said | None = None


class ManageSnapshot(Struct, forbid_unknown_fields=True):
    snapshot: Managed


async def manage(call: Call) -> dict[str, Any]:
    body: Managed = call.body.snapshot
    name = body.ref.get("source-name")
    if not isinstance(name, str):
        raise BadRequest("The ref must have a source-name.", code="not-manageable")
    made = await manage_snapshot(
        call.service,
        call.caller,
        body.volume_id,
        name,
        name=body.name,
        description=body.description,
        metadata=dict(body.metadata or {}),
    )
    return {"snapshot": snapshot_view(call, made, whole=False)}


async def unmanage(call: Call) -> None:
    await unmanage_snapshot(call.service, call.caller, call.params["snapshot_id"])


async def list_manageable(call: Call) -> dict[str, Any]:
    return {"manageable-snapshots": await _kept(call)}


async def list_manageable_detail(call: Call) -> dict[str, Any]:
    more = {"reason_not_safe": None, "cinder_id": None, "extra_info": None}
    return {"manageable-snapshots": [one | more for one in await _kept(call)]}


async def _kept(call: Call) -> list[dict[str, Any]]:
    block: BlockStorage = call.service
    host = call.request.query_params.get("host", block.backends[0].pool)
    backend = block.named(host)
    if backend is None:
        raise BadRequest(f"Service {host[:80]} could not be found.", code="no-backend")
    kept = (await backend.driver.census()).kept_snapshots
    return [
        {
            "reference": {"source-name": name},
            "source_reference": {"source-id": one.volume_id},
            "size": -(-one.size // GIB),
            "safe_to_manage": True,
        }
        for name, one in sorted(kept.items())
    ]


_P = "snapshot_extension"


def _routes(path: str, first: str) -> tuple[Route, ...]:
    make, list_ = f"{_P}:snapshot_manage", f"{_P}:list_manageable"
    return (
        Route("GET", path, list_manageable, list_, since=first),
        Route("GET", f"{path}/detail", list_manageable_detail, list_, since=first),
        Route("POST", path, manage, make, body=ManageSnapshot, status=202, since=first),
    )


ROUTES = (
    *_routes("/manageable_snapshots", "3.8"),
    *_routes("/os-snapshot-manage", "3.0"),
    Route(
        "POST",
        "/snapshots/{snapshot_id}/action",
        unmanage,
        f"{_P}:snapshot_unmanage",
        action="os-unmanage",
        body=Any,
        status=202,
    ),
)

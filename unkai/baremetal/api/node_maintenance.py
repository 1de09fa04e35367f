"""/nodes/{id}/maintenance and /vendor_passthru."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.actions.set_maintenance import set_maintenance
from unkai.baremetal.api.asked import ident
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


class Maintenance(Struct, forbid_unknown_fields=True):
    reason: str | None = None


async def put_maintenance(call: Call) -> None:
    body: Maintenance = call.body
    await set_maintenance(call.service, call.caller, ident(call), on=True, reason=body.reason)


async def remove_maintenance(call: Call) -> None:
    await set_maintenance(call.service, call.caller, ident(call), on=False)


async def list_vendor_methods(call: Call) -> dict[str, Any]:
    """None: our hardware types have no methods of their own."""
    await _vendor_node(call)
    return {}


async def call_vendor_method(call: Call) -> None:
    node = await _vendor_node(call)
    name = call.params.get("method") or call.request.query_params.get("method")
    if not name:
        raise BadRequest("Method not specified")
    raise BadRequest(
        f"Driver {node.driver} does not support {name} (disabled or not implemented).",
        code="unsupported-interface",
    )


async def _vendor_node(call: Call) -> Any:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    rule = "baremetal:node:vendor_passthru"
    return await permitted_node(session, call.caller, ident(call), rule)


_MAINTENANCE = "/nodes/{node_ident}/maintenance"
_VENDOR = "/nodes/{node_ident}/vendor_passthru"
_PASS = "baremetal:node:vendor_passthru"
ROUTES = (
    Route(
        "PUT",
        _MAINTENANCE,
        put_maintenance,
        policy="baremetal:node:set_maintenance",
        body=Maintenance,
        optional_body=True,
        status=202,
    ),
    Route(
        "DELETE",
        _MAINTENANCE,
        remove_maintenance,
        policy="baremetal:node:clear_maintenance",
        status=202,
    ),
    Route("GET", f"{_VENDOR}/methods", list_vendor_methods, policy=_PASS),
    *(
        Route(method, path, call_vendor_method, policy=_PASS)
        for method in ("GET", "POST", "PUT", "DELETE")
        for path in (_VENDOR, f"{_VENDOR}/{{method}}")
    ),
)

"""/nodes: enroll, list, show and delete."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.create_node import create_node
from unkai.baremetal.actions.delete_node import delete_node
from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.rights import sees_all
from unkai.baremetal.actions.validate_node import validate_node
from unkai.baremetal.api.asked import ident, need
from unkai.baremetal.api.node_fields import NewNode, check_name, columns
from unkai.baremetal.api.node_filters import filters_of, refuse_fields, wants_detail
from unkai.baremetal.api.node_lists import PlainView
from unkai.baremetal.api.node_views import BRIEF, View, asked_fields, refuse_newer
from unkai.baremetal.api.paging import Page, collection, marked, page_of
from unkai.baremetal.model import Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import NODES, list_plain, matching, seen_by
from unkai.kit.errors import Forbidden
from unkai.kit.http import Call, Route

_NOT_SORTABLE = frozenset(
    {
        "properties",
        "driver_info",
        "extra",
        "instance_info",
        "driver_internal_info",
        "clean_step",
        "deploy_step",
        "service_step",
        "raid_config",
        "target_raid_config",
        "traits",
        "network_data",
        "interfaces",
        "agent_token",
        "generation",
    }
)
SORTABLE = tuple(name for name in Node.__struct_fields__ if name not in _NOT_SORTABLE)


async def shown_node(call: Call, node: Node, fields: tuple[str, ...]) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    kind = await baremetal.kit.operations.busy(baremetal.kit.database.reader, f"node/{node.uuid}")
    return View(call, fields).show(node, node.conductor if kind else None)


async def post_node(call: Call) -> dict[str, Any]:
    body: NewNode = call.body
    refuse_newer(call, [name for name, value in call.data.items() if value not in (None, "")])
    check_name(call, body.name)
    values = {name: value for name, value in columns(body).items() if value is not None}
    if not call.at_least("1.11"):
        values["provision_state"] = State.AVAILABLE
    node = await create_node(call.service, call.caller, values)
    call.headers["Location"] = f"{call.url}/nodes/{node.uuid}"
    return await shown_node(call, node, asked_fields(call, None))


async def list_nodes(call: Call, **more: Any) -> dict[str, Any]:
    """more: filters besides the query's (`/chassis/{id}/nodes`)."""
    detail = wants_detail(call)
    return await _list(call, asked_fields(call, None if detail else BRIEF), "nodes", **more)


async def list_nodes_detail(call: Call, **more: Any) -> dict[str, Any]:
    refuse_fields(call)
    return await _list(call, asked_fields(call, None), "nodes/detail", **more)


async def _list(call: Call, fields: tuple[str, ...], path: str, **more: Any) -> dict[str, Any]:
    filters = {**filters_of(call), **more}
    project = filters.get("project")
    if project is not None and project != call.caller.project_id and not sees_all(call.caller):
        raise Forbidden("Only nodes of your own project can be listed.", code="policy")
    page = page_of(call, SORTABLE)
    shown, last = await _page(call, fields, page, (*seen_by(call.caller), *matching(filters)))
    answer = collection(call, "nodes", shown, page, path, last=last)
    if "instance_uuid" in filters:
        answer.pop("next", None)
    return answer


async def _page(
    call: Call, fields: tuple[str, ...], page: Page, wheres: tuple[Any, ...]
) -> tuple[list[dict[str, Any]], str | None]:
    """The nodes of a page, and the uuid of the last."""
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    marker = await marked(NODES, session, page)
    cut: dict[str, Any] = {
        "sort": page.sort_key,
        "descending": page.descending,
        "marker": marker,
        "limit": page.limit,
    }
    held = await baremetal.kit.operations.held(session, "node") if "reservation" in fields else {}
    if sees_all(call.caller):
        plain = PlainView(call, fields)
        rows = await list_plain(session, plain.columns, wheres, **cut)
        shown = [plain.show(row, held=f"node/{row.uuid}" in held) for row in rows]
        return shown, rows[-1].uuid if rows else None
    view = View(call, fields)
    found = await NODES.list(session, *wheres, **cut)
    shown = [
        view.show(node, node.conductor if f"node/{node.uuid}" in held else None) for node in found
    ]
    return shown, found[-1].uuid if found else None


async def show_node(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    node = await find_node(baremetal.kit.database.reader, call.caller, ident(call))
    return await shown_node(call, node, asked_fields(call, None))


async def remove_node(call: Call) -> None:
    await delete_node(call.service, call.caller, ident(call))


async def show_validation(call: Call) -> dict[str, Any]:
    return await validate_node(call.service, call.caller, ident(call))


async def show_validation_of(call: Call) -> dict[str, Any]:
    """The older way to name the node: in the query."""
    query = call.request.query_params
    named = query.get("node_uuid") or query.get("node") or ""
    if "node" in query:
        need(call, "1.5")
    return await validate_node(call.service, call.caller, named)


ROUTES = (
    Route("GET", "/nodes", list_nodes, policy="baremetal:node:list"),
    Route("POST", "/nodes", post_node, policy="baremetal:node:create", body=NewNode, status=201),
    Route("GET", "/nodes/detail", list_nodes_detail, policy="baremetal:node:list"),
    Route("GET", "/nodes/validate", show_validation_of, policy="baremetal:node:validate"),
    Route("GET", "/nodes/{node_ident}", show_node, policy="baremetal:node:get"),
    Route("DELETE", "/nodes/{node_ident}", remove_node, policy="baremetal:node:delete", status=204),
    Route("GET", "/nodes/{node_ident}/validate", show_validation, policy="baremetal:node:validate"),
)

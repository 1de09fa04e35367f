"""What is known of a node beside its row: BIOS, firmware, history, inventory, children; shards."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.api.asked import flag, ident, texts
from unkai.baremetal.api.links import links
from unkai.baremetal.api.node_views import shown_time
from unkai.baremetal.api.paging import collection, listed, page_of
from unkai.baremetal.model import HistoryEntry, Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.bios_settings import bios_settings_of
from unkai.baremetal.store.history import HISTORY, history_of
from unkai.baremetal.store.inventories import get_inventory
from unkai.baremetal.store.nodes import children_of, count_shards, seen_by
from unkai.kit.db import AnyRow, Session
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

_REGISTRY = (
    "attribute_type",
    "allowable_values",
    "lower_bound",
    "max_length",
    "min_length",
    "read_only",
    "reset_required",
    "unique",
    "upper_bound",
)
_BIOS = ("created_at", "updated_at", "name", "value")
_BRIEF_HISTORY = ("uuid", "created_at", "severity", "event")
_HISTORY = {
    **dict.fromkeys((*_BRIEF_HISTORY, "event_type", "conductor", "user"), "1.78"),
    "project": "1.113",
    **dict.fromkeys(("state", "target_provision_state", "duration_seconds"), "1.115"),
}
EVENT_SHOWN = 255


async def _node(call: Call, rule: str) -> tuple[Session, Node]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    return session, await permitted_node(session, call.caller, ident(call), rule)


def _setting(call: Call, node: Node, row: AnyRow, fields: tuple[str, ...]) -> dict[str, Any]:
    updated = None if row.updated_at is None else shown_time(row.updated_at)
    known: dict[str, Any] = {
        "created_at": shown_time(row.created_at),
        "updated_at": updated,
        "name": row.name,
        "value": row.value,
    }
    shown = {name: known[name] if name in known else row.registry.get(name) for name in fields}
    return {**shown, "links": links(call, "nodes", node.uuid, "bios", row.name)}


async def list_bios(call: Call) -> dict[str, Any]:
    session, node = await _node(call, "baremetal:node:bios:get")
    detail, fields = flag(call, "detail"), texts(call, "fields")
    if (detail is not None or fields is not None) and not call.at_least("1.74"):
        raise BadRequest("The queries detail and fields are there from API version 1.74 on.")
    if detail and fields:
        raise BadRequest("Can not specify ?detail=True and fields in the same request.")
    wanted = (*_BIOS, *_REGISTRY) if detail else tuple(fields or _BIOS)
    wrong = [name for name in wanted if name not in (*_BIOS, *_REGISTRY)]
    if wrong:
        raise BadRequest(f'Field(s) "{", ".join(wrong)}" are not valid', code="field-unknown")
    rows = await bios_settings_of(session, node.uuid)
    return {"bios": [_setting(call, node, row, wanted) for row in rows]}


async def show_bios(call: Call) -> dict[str, Any]:
    session, node = await _node(call, "baremetal:node:bios:get")
    name = call.params["setting_name"]
    fields = (*_BIOS, *_REGISTRY) if call.at_least("1.74") else _BIOS
    for row in await bios_settings_of(session, node.uuid):
        if row.name == name:
            return {name: _setting(call, node, row, fields)}
    raise NotFound(f"Node {node.uuid} doesn't have a BIOS setting '{name}'.")


async def list_firmware(call: Call) -> dict[str, Any]:
    """None of the hardware types tells of its components yet."""
    await _node(call, "baremetal:node:firmware:get")
    return {"firmware": list[Any]()}


def _entry(call: Call, entry: HistoryEntry, *, detail: bool) -> dict[str, Any]:
    names = [name for name, since in _HISTORY.items() if call.at_least(since)]
    shown: dict[str, Any] = {
        name: getattr(entry, name) for name in (names if detail else _BRIEF_HISTORY)
    }
    shown["created_at"] = shown_time(entry.created_at)
    if not detail and len(entry.event) > EVENT_SHOWN:
        shown["event"] = f"{entry.event[: EVENT_SHOWN - 4]}..."
    shown["links"] = links(call, "nodes", entry.node_uuid, "history", entry.uuid)[:1]
    return shown


async def list_history(call: Call) -> dict[str, Any]:
    session, node = await _node(call, "baremetal:node:history:get")
    detail = bool(flag(call, "detail"))
    page = page_of(call, ("created_at", "severity", "event_type", "uuid"))
    found = await listed(HISTORY, session, page, history_of(node.uuid))
    shown = [_entry(call, entry, detail=detail) for entry in found]
    return collection(call, "history", shown, page, f"nodes/{node.uuid}/history")


async def show_history(call: Call) -> dict[str, Any]:
    session, node = await _node(call, "baremetal:node:history:get")
    entry = await HISTORY.get(session, call.params["event_uuid"])
    if entry is None or entry.node_uuid != node.uuid:
        raise NotFound(f"Node history record {call.params['event_uuid']} could not be found.")
    return _entry(call, entry, detail=True)


async def show_inventory(call: Call) -> dict[str, Any]:
    session, node = await _node(call, "baremetal:node:inventory:get")
    found = await get_inventory(session, node.uuid)
    if found is None:
        raise NotFound(
            f"Node {node.uuid} does not have an inventory.",
            code="no-inventory",
            remedy="Inspect it first.",
        )
    return {"inventory": found.inventory, "plugin_data": found.plugin_data}


async def list_children(call: Call) -> dict[str, Any]:
    session, node = await _node(call, "baremetal:node:get")
    found = await children_of(session, node.uuid, *seen_by(call.caller))
    href = f"{call.url}/nodes?parent_node={node.uuid}"
    return {"children": found, "links": {"href": href, "rel": "children"}}


async def list_shards(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    found = await count_shards(baremetal.kit.database.reader)
    return {"shards": [{"name": str(name), "count": count} for name, count in found]}


_NODE = "/nodes/{node_ident}"
ROUTES = (
    Route("GET", f"{_NODE}/bios", list_bios, policy="baremetal:node:bios:get", since="1.40"),
    Route(
        "GET",
        f"{_NODE}/bios/{{setting_name}}",
        show_bios,
        policy="baremetal:node:bios:get",
        since="1.40",
    ),
    Route(
        "GET",
        f"{_NODE}/firmware",
        list_firmware,
        policy="baremetal:node:firmware:get",
        since="1.86",
    ),
    Route(
        "GET", f"{_NODE}/history", list_history, policy="baremetal:node:history:get", since="1.78"
    ),
    Route(
        "GET",
        f"{_NODE}/history/{{event_uuid}}",
        show_history,
        policy="baremetal:node:history:get",
        since="1.78",
    ),
    Route(
        "GET",
        f"{_NODE}/inventory",
        show_inventory,
        policy="baremetal:node:inventory:get",
        since="1.81",
    ),
    Route("GET", f"{_NODE}/children", list_children, policy="baremetal:node:get", since="1.83"),
    Route("GET", "/shards", list_shards, policy="baremetal:shards:get", since="1.82"),
)

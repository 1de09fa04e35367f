"""/volume: connectors (as whom a node asks for volumes) and targets (which volumes it has)."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from unkai.baremetal.actions.find_below import find_below
from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.keep_volume import (
    create_volume,
    delete_volume,
    noun_of,
    update_volume,
)
from unkai.baremetal.api.asked import ident, text
from unkai.baremetal.api.bodies import Object, Uuid, after_patch, checked_uuid, named
from unkai.baremetal.api.links import links
from unkai.baremetal.api.node_views import masked
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.model import VolumeConnector, VolumeTarget
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.volumes import CONNECTORS, TARGETS, volumes_where
from unkai.kit.http import Call, Route

V = TypeVar("V", VolumeConnector, VolumeTarget)
CONNECTOR_SHAPE = Shape[VolumeConnector](
    "volume/connectors",
    dict.fromkeys(("connector_id", "extra", "node_uuid", "type"), "1.32"),
    ("uuid", "node_uuid", "type", "connector_id"),
    key="connectors",
)
TARGET_SHAPE = Shape[VolumeTarget](
    "volume/targets",
    dict.fromkeys(
        ("boot_index", "extra", "node_uuid", "properties", "volume_id", "volume_type"), "1.32"
    ),
    ("uuid", "node_uuid", "volume_type", "boot_index", "volume_id"),
    key="targets",
    fixed=("extra", "properties"),
    readers={"properties": lambda one: masked(one.properties)},
)
REDACTED = {
    "redacted_contents": "** Value redacted: Requires permission "
    "baremetal:volume:view_target_properties access. Permission denied. **"
}


class ConnectorFields(Struct, forbid_unknown_fields=True, kw_only=True):
    node_uuid: Uuid
    type: Annotated[str, Meta(min_length=1, max_length=32)]
    connector_id: Annotated[str, Meta(min_length=1, max_length=255)]
    extra: Object = None


class NewConnector(ConnectorFields):
    uuid: Uuid | None = None


class TargetFields(Struct, forbid_unknown_fields=True, kw_only=True):
    node_uuid: Uuid
    volume_type: Annotated[str, Meta(max_length=64)]
    volume_id: Annotated[str, Meta(max_length=36)]
    boot_index: Annotated[int, Meta(ge=-(2**31), lt=2**31)]
    properties: Object = None
    extra: Object = None


class NewTarget(TargetFields):
    uuid: Uuid | None = None


def _columns(said: ConnectorFields | TargetFields) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(said, name) for name in said.__struct_fields__}
    for name in ("extra", "properties"):
        if name in values:
            values[name] = values[name] or {}
    return values


async def _create(call: Call, rows: Rows[V], shape: Shape[V]) -> dict[str, Any]:
    values = _columns(call.body)
    node = values.pop("node_uuid")
    if values["uuid"] is None:
        del values["uuid"]
    else:
        values["uuid"] = values["uuid"].lower()
    return shape.made(call, await create_volume(call.service, call.caller, rows, node, values))


async def _list(call: Call, rows: Rows[V], shape: Shape[V], node: str | None) -> dict[str, Any]:
    session = call.service.kit.database.reader
    node = node or text(call, "node")
    uuid = (await find_node(session, call.caller, node)).uuid if node else None
    wheres = volumes_where(call.caller, rows, uuid)
    return await shape.list(call, session, rows, *wheres)


async def _find(call: Call, rows: Rows[V]) -> V:
    session = call.service.kit.database.reader
    noun = noun_of(rows)
    found, _ = await find_below(
        session, call.caller, rows, _uuid(call, rows), noun=noun, rule="volume:get"
    )
    return found


def _uuid(call: Call, rows: Rows[V]) -> str:
    name = "connector_uuid" if "connector_uuid" in call.params else "target_uuid"
    return checked_uuid(ident(call, name), f"a {noun_of(rows)}")


async def _patch(
    call: Call, rows: Rows[V], shape: Shape[V], body: type[ConnectorFields | TargetFields]
) -> dict[str, Any]:
    patch: Patch = call.body

    def change(one: V) -> dict[str, Any]:
        said = after_patch(one, patch, body)
        values = _columns(said)
        return {name: values[name] for name in named(patch)}

    uuid = _uuid(call, rows)
    return shape.show(call, await update_volume(call.service, call.caller, rows, uuid, change))


def _redacted(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    """What a target's properties hold is for administrators and the cloud's readers."""
    if "properties" in shown and not (call.caller.reads_all or "service" in call.caller.roles):
        shown["properties"] = REDACTED
    return shown


async def post_connector(call: Call) -> dict[str, Any]:
    return await _create(call, CONNECTORS, CONNECTOR_SHAPE)


async def list_connectors(call: Call, *, node: str | None = None) -> dict[str, Any]:
    """node: whose, where the path says it and not the query."""
    return await _list(call, CONNECTORS, CONNECTOR_SHAPE, node)


async def show_connector(call: Call) -> dict[str, Any]:
    found = await _find(call, CONNECTORS)
    return CONNECTOR_SHAPE.show(call, found, CONNECTOR_SHAPE.asked(call))


async def patch_connector(call: Call) -> dict[str, Any]:
    return await _patch(call, CONNECTORS, CONNECTOR_SHAPE, ConnectorFields)


async def remove_connector(call: Call) -> None:
    uuid = _uuid(call, CONNECTORS)
    await delete_volume(call.service, call.caller, CONNECTORS, uuid)


async def post_target(call: Call) -> dict[str, Any]:
    return _redacted(call, await _create(call, TARGETS, TARGET_SHAPE))


async def list_targets(call: Call, *, node: str | None = None) -> dict[str, Any]:
    answer = await _list(call, TARGETS, TARGET_SHAPE, node)
    for shown in answer["targets"]:
        _redacted(call, shown)
    return answer


async def show_target(call: Call) -> dict[str, Any]:
    found = await _find(call, TARGETS)
    return _redacted(call, TARGET_SHAPE.show(call, found, TARGET_SHAPE.asked(call)))


async def patch_target(call: Call) -> dict[str, Any]:
    return _redacted(call, await _patch(call, TARGETS, TARGET_SHAPE, TargetFields))


async def remove_target(call: Call) -> None:
    uuid = _uuid(call, TARGETS)
    await delete_volume(call.service, call.caller, TARGETS, uuid)


async def show_volume(call: Call, *above: str) -> dict[str, Any]:
    """Where connectors and targets are. above: the path it hangs below (`nodes/{uuid}`)."""
    return {
        "links": links(call, *above, "volume"),
        "connectors": links(call, *above, "volume", "connectors"),
        "targets": links(call, *above, "volume", "targets"),
    }


_CONNECTORS, _TARGETS = "/volume/connectors", "/volume/targets"
_CONNECTOR, _TARGET = f"{_CONNECTORS}/{{connector_uuid}}", f"{_TARGETS}/{{target_uuid}}"
_LIST, _GET, _CREATE, _UPDATE, _DELETE = (
    f"baremetal:volume:{verb}" for verb in ("list", "get", "create", "update", "delete")
)
_NEW: dict[str, Any] = {"policy": _CREATE, "status": 201, "since": "1.32"}
ROUTES = (
    Route("GET", "/volume", show_volume, policy=_GET, since="1.32"),
    Route("GET", _CONNECTORS, list_connectors, policy=_LIST, since="1.32"),
    Route("POST", _CONNECTORS, post_connector, body=NewConnector, **_NEW),
    Route("GET", _CONNECTOR, show_connector, policy=_GET, since="1.32"),
    Route("PATCH", _CONNECTOR, patch_connector, policy=_UPDATE, body=Patch, since="1.32"),
    Route("DELETE", _CONNECTOR, remove_connector, policy=_DELETE, status=204, since="1.32"),
    Route("GET", _TARGETS, list_targets, policy=_LIST, since="1.32"),
    Route("POST", _TARGETS, post_target, body=NewTarget, **_NEW),
    Route("GET", _TARGET, show_target, policy=_GET, since="1.32"),
    Route("PATCH", _TARGET, patch_target, policy=_UPDATE, body=Patch, since="1.32"),
    Route("DELETE", _TARGET, remove_target, policy=_DELETE, status=204, since="1.32"),
)

"""/portgroups: NICs of a node that are one to the network."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.baremetal.actions.create_portgroup import create_portgroup
from unkai.baremetal.actions.delete_portgroup import delete_portgroup
from unkai.baremetal.actions.find_below import find_below
from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.update_portgroup import update_portgroup
from unkai.baremetal.api import ports
from unkai.baremetal.api.asked import ident, need_for, text, texts
from unkai.baremetal.api.bodies import (
    Address,
    Object,
    Text,
    Uuid,
    after_patch,
    check_name,
    checked_address,
    checked_ident,
    named,
)
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.model import Portgroup
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.portgroups import PORTGROUPS, portgroups_where
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

SHAPE = Shape[Portgroup](
    "portgroups",
    {
        "address": "1.23",
        "extra": "1.23",
        "internal_info": "1.23",
        "name": "1.23",
        "node_uuid": "1.23",
        "standalone_ports_supported": "1.23",
        "mode": "1.26",
        "properties": "1.26",
        "physical_network": "1.102",
        "category": "1.103",
        "dynamic_portgroup": "1.111",
    },
    ("uuid", "address", "name"),
    below={"ports": "1.23"},
    fixed=("extra", "internal_info", "properties"),
)


class PortgroupFields(Struct, forbid_unknown_fields=True, kw_only=True):
    node_uuid: Uuid
    address: Address | None = None
    name: Text | None = None
    extra: Object = None
    mode: Text | None = None
    properties: Object = None
    standalone_ports_supported: bool | None = None
    physical_network: Annotated[str, Meta(max_length=64)] | None = None
    category: Annotated[str, Meta(max_length=80)] | None = None


class NewPortgroup(PortgroupFields):
    uuid: Uuid | None = None


class ChangedPortgroup(PortgroupFields):
    """Its mode can be changed, not removed."""


def _columns(said: PortgroupFields) -> dict[str, Any]:
    check_name(said.name, "a portgroup")
    values = {name: getattr(said, name) for name in said.__struct_fields__}
    values |= {
        "address": said.address and said.address.lower(),
        "extra": said.extra or {},
        "properties": said.properties or {},
        "standalone_ports_supported": said.standalone_ports_supported is not False,
    }
    return values


async def post_portgroup(call: Call) -> dict[str, Any]:
    body: NewPortgroup = call.body
    SHAPE.refuse_newer_body(call)
    values = {name: value for name, value in _columns(body).items() if value is not None}
    del values["node_uuid"]
    if body.uuid is not None:
        values["uuid"] = body.uuid.lower()
    group = await create_portgroup(call.service, call.caller, body.node_uuid, values)
    return SHAPE.made(call, group)


async def list_portgroups(call: Call, *, node: str | None = None) -> dict[str, Any]:
    """node: whose groups, where the path says it and not the query."""
    return await _list(call, node, detail=False)


async def list_portgroups_detail(call: Call, *, node: str | None = None) -> dict[str, Any]:
    return await _list(call, node, detail=True)


async def _list(call: Call, node: str | None, *, detail: bool) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    need_for(call, "1.99", "conductor_groups")
    need_for(call, "1.106", "shard")
    node = node or text(call, "node")
    address = text(call, "address")
    shards, groups = texts(call, "shard"), texts(call, "conductor_groups")
    if sum(1 for one in (node, address, shards, groups) if one) > 1:
        raise BadRequest("Only one of node, address, shard and conductor_groups can be asked for.")
    wanted: dict[str, Any] = {"shards": shards, "groups": groups}
    if node:
        wanted["node_uuid"] = (await find_node(session, call.caller, node)).uuid
    if address is not None:
        wanted["address"] = checked_address(address)
    wheres = portgroups_where(call.caller, **wanted)
    return await SHAPE.list(call, session, PORTGROUPS, *wheres, detail=detail)


async def _find(call: Call) -> Portgroup:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    found, _ = await find_below(
        session, call.caller, PORTGROUPS, _ident(call), noun="portgroup", rule="portgroup:get"
    )
    return found


def _ident(call: Call) -> str:
    return checked_ident(ident(call, "portgroup_ident"), "a portgroup")


async def show_portgroup(call: Call) -> dict[str, Any]:
    return SHAPE.show(call, await _find(call), SHAPE.asked(call))


async def patch_portgroup(call: Call) -> dict[str, Any]:
    patch: Patch = call.body
    names = named(patch)
    SHAPE.refuse_newer(call, names)

    def change(group: Portgroup) -> dict[str, Any]:
        said = after_patch(group, patch, ChangedPortgroup)
        if said.mode is None:
            raise BadRequest("'mode' is a mandatory attribute and can not be removed.")
        values = _columns(said)
        return {name: values[name] for name in names}

    group = await update_portgroup(call.service, call.caller, _ident(call), change)
    return SHAPE.show(call, group)


async def remove_portgroup(call: Call) -> None:
    await delete_portgroup(call.service, call.caller, _ident(call))


async def list_ports(call: Call) -> dict[str, Any]:
    return await ports.list_ports(call, portgroup=_ident(call))


async def list_ports_detail(call: Call) -> dict[str, Any]:
    return await ports.list_ports_detail(call, portgroup=_ident(call))


_GROUPS = "/portgroups"
_GROUP = f"{_GROUPS}/{{portgroup_ident}}"
_LIST, _GET, _CREATE, _UPDATE, _DELETE = (
    f"baremetal:portgroup:{verb}" for verb in ("list", "get", "create", "update", "delete")
)
_PORTS = "baremetal:port:list"
ROUTES = (
    Route("GET", _GROUPS, list_portgroups, policy=_LIST, since="1.23"),
    Route("GET", f"{_GROUPS}/detail", list_portgroups_detail, policy=_LIST, since="1.23"),
    Route(
        "POST",
        _GROUPS,
        post_portgroup,
        policy=_CREATE,
        body=NewPortgroup,
        status=201,
        lax=True,
        since="1.23",
    ),
    Route("GET", _GROUP, show_portgroup, policy=_GET, since="1.23"),
    Route("PATCH", _GROUP, patch_portgroup, policy=_UPDATE, body=Patch, since="1.23"),
    Route("DELETE", _GROUP, remove_portgroup, policy=_DELETE, status=204, since="1.23"),
    Route("GET", f"{_GROUP}/ports", list_ports, policy=_PORTS, since="1.24"),
    Route("GET", f"{_GROUP}/ports/detail", list_ports_detail, policy=_PORTS, since="1.24"),
)

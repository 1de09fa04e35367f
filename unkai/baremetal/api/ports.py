"""/ports: the NICs of nodes."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.baremetal.actions.check_port import normal_link
from unkai.baremetal.actions.create_port import create_port
from unkai.baremetal.actions.delete_port import delete_port
from unkai.baremetal.actions.find_below import find_below
from unkai.baremetal.actions.find_node import find_node, is_uuid
from unkai.baremetal.actions.update_port import update_port
from unkai.baremetal.api.asked import ident, need, need_for, text, texts, uuid
from unkai.baremetal.api.bodies import (
    Address,
    Object,
    Text,
    Uuid,
    after_patch,
    check_name,
    checked_address,
    checked_ident,
    checked_uuid,
    named,
)
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.model import Port
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.portgroups import PORTGROUPS
from unkai.baremetal.store.ports import PORTS, ports_where
from unkai.kit.errors import BadRequest, NotAcceptable
from unkai.kit.http import Call, Route

SHAPE = Shape[Port](
    "ports",
    {
        "address": "1.1",
        "extra": "1.1",
        "node_uuid": "1.1",
        "internal_info": "1.18",
        "pxe_enabled": "1.19",
        "local_link_connection": "1.19",
        "portgroup_uuid": "1.24",
        "physical_network": "1.34",
        "is_smartnic": "1.53",
        "name": "1.88",
        "description": "1.97",
        "vendor": "1.100",
        "category": "1.101",
        "available_for_dynamic_portgroup": "1.111",
    },
    ("uuid", "address"),
    fixed=("extra", "internal_info", "local_link_connection"),
)
_VTEP = ("vtep-logical-switch", "vtep-physical-switch")


class PortFields(Struct, forbid_unknown_fields=True, kw_only=True):
    address: Address
    extra: Object = None
    pxe_enabled: bool | None = None
    local_link_connection: Object = None
    portgroup_uuid: Uuid | None = None
    physical_network: Annotated[str, Meta(max_length=64)] | None = None
    is_smartnic: bool | None = None
    name: Text | None = None
    description: Text | None = None
    vendor: Annotated[str, Meta(max_length=32)] | None = None
    category: Annotated[str, Meta(max_length=80)] | None = None
    available_for_dynamic_portgroup: bool = False


class NewPort(PortFields):
    uuid: Uuid | None = None
    node_uuid: Uuid | None = None
    node_ident: Text | None = None


class ChangedPort(PortFields):
    node_uuid: Uuid


def _columns(said: PortFields) -> dict[str, Any]:
    """The fields as the model has them; BadRequest where they do not go together."""
    check_name(said.name, "a port")
    if said.physical_network == "":
        raise BadRequest(
            "A non-empty value is required when setting physical_network.", code="invalid-body"
        )
    values = {name: getattr(said, name) for name in said.__struct_fields__}
    values |= {
        "address": said.address.lower(),
        "extra": said.extra or {},
        "pxe_enabled": said.pxe_enabled is not False,
        "is_smartnic": said.is_smartnic is True,
        "local_link_connection": normal_link(said.local_link_connection or {}),
        "portgroup_uuid": said.portgroup_uuid and said.portgroup_uuid.lower(),
    }
    return values


def _refuse_newer_link(call: Call, link: dict[str, Any] | None) -> None:
    """What newer microversions brought into local_link_connection."""
    newer = not call.at_least("1.64") and "network_type" in (link or {})
    if newer or (not call.at_least("1.90") and any(key in _VTEP for key in link or {})):
        raise NotAcceptable(
            "Request not acceptable. local_link_connection has a key that this API version does "
            "not know.",
            code="field-too-new",
        )


def _show(call: Call, port: Port) -> dict[str, Any]:
    return _hidden(call, SHAPE.show(call, port, SHAPE.asked(call)))


def _hidden(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    link = shown.get("local_link_connection")
    if link and not call.at_least("1.90") and any(key in _VTEP for key in link):
        shown["local_link_connection"] = {}
    return shown


async def post_port(call: Call) -> dict[str, Any]:
    body: NewPort = call.body
    SHAPE.refuse_newer_body(call)
    _refuse_newer_link(call, body.local_link_connection)
    if body.node_ident is not None:
        need(call, "1.94")
    if (body.node_ident is None) == (body.node_uuid is None):
        raise BadRequest("Exactly one of node_uuid and node_ident is needed for a port.")
    values = _columns(body)
    del values["node_uuid"], values["node_ident"]
    if body.pxe_enabled is None:
        del values["pxe_enabled"]
    values = {name: value for name, value in values.items() if value is not None}
    if body.uuid is not None:
        values["uuid"] = body.uuid.lower()
    node = body.node_uuid or body.node_ident or ""
    port = await create_port(call.service, call.caller, node, values)
    return _hidden(call, SHAPE.made(call, port))


async def list_ports(
    call: Call, *, node: str | None = None, portgroup: str | None = None
) -> dict[str, Any]:
    """node, portgroup: whose ports, where the path says it and not the query."""
    return await _list(call, node, portgroup, detail=False)


async def list_ports_detail(
    call: Call, *, node: str | None = None, portgroup: str | None = None
) -> dict[str, Any]:
    return await _list(call, node, portgroup, detail=True)


async def _list(
    call: Call, node: str | None, portgroup: str | None, *, detail: bool
) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    wheres = await _wheres(call, node, portgroup)
    answer = await SHAPE.list(call, session, PORTS, *wheres, detail=detail)
    for shown in answer["ports"]:
        _hidden(call, shown)
    return answer


async def _wheres(call: Call, node: str | None, portgroup: str | None) -> tuple[Any, ...]:
    """What the query, or the path, asks for; BadRequest for filters that exclude each other."""
    need_for(call, "1.24", "portgroup")
    need_for(call, "1.82", "shard")
    need_for(call, "1.97", "description_contains")
    need_for(call, "1.99", "conductor_groups")
    asked = text(call, "node")
    if asked is not None and not is_uuid(asked):
        need(call, "1.5")
    node = node or uuid(call, "node_uuid") or asked
    portgroup = portgroup or text(call, "portgroup")
    shards, groups = texts(call, "shard"), texts(call, "conductor_groups")
    address = text(call, "address")
    if sum(1 for one in (node, portgroup, shards) if one) > 1:
        raise BadRequest("Only one of node, portgroup and shard can be asked for.")
    if groups and (node or portgroup or address):
        raise BadRequest("conductor_groups cannot be asked for with node, portgroup or address.")
    session = call.service.kit.database.reader
    caller = call.caller
    wanted: dict[str, Any] = {"shards": shards, "groups": groups}
    if node:
        wanted["node_uuid"] = (await find_node(session, caller, node)).uuid
    if portgroup:
        rule, group = "portgroup:get", checked_ident(portgroup, "a portgroup")
        found, _ = await find_below(session, caller, PORTGROUPS, group, noun="portgroup", rule=rule)
        wanted["portgroup_uuid"] = found.uuid
    if address is not None:
        wanted["address"] = checked_address(address)
    return ports_where(caller, contains=text(call, "description_contains"), **wanted)


async def show_port(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    given = checked_ident(ident(call, "port_ident"), "a port")
    session = baremetal.kit.database.reader
    port, _ = await find_below(session, call.caller, PORTS, given, noun="port", rule="port:get")
    return _show(call, port)


async def patch_port(call: Call) -> dict[str, Any]:
    patch: Patch = call.body
    given = checked_ident(ident(call, "port_ident"), "a port")
    names = named(patch)
    SHAPE.refuse_newer(call, names)

    def change(port: Port) -> dict[str, Any]:
        said = after_patch(port, patch, ChangedPort)
        if "local_link_connection" in names:
            _refuse_newer_link(call, said.local_link_connection)
        values = _columns(said)
        return {name: values[name] for name in names}

    port = await update_port(
        call.service, call.caller, given, change, group_rules=call.at_least("1.102")
    )
    return _hidden(call, SHAPE.show(call, port))


async def remove_port(call: Call) -> None:
    given = checked_uuid(ident(call, "port_ident"), "a port")
    await delete_port(call.service, call.caller, given)


_PORT = "/ports/{port_ident}"
ROUTES = (
    Route("GET", "/ports", list_ports, policy="baremetal:port:list"),
    Route("GET", "/ports/detail", list_ports_detail, policy="baremetal:port:list"),
    Route(
        "POST",
        "/ports",
        post_port,
        policy="baremetal:port:create",
        body=NewPort,
        status=201,
        lax=True,
    ),
    Route("GET", _PORT, show_port, policy="baremetal:port:get"),
    Route("PATCH", _PORT, patch_port, policy="baremetal:port:update", body=Patch),
    Route("DELETE", _PORT, remove_port, policy="baremetal:port:delete", status=204),
)

"""/nodes: enroll, list, show and delete."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.baremetal.actions import find_node as finding
from unkai.baremetal.actions.create_node import create_node
from unkai.baremetal.actions.delete_node import delete_node
from unkai.baremetal.api.node_views import BRIEF, INTERFACE_FIELDS, asked_fields, show
from unkai.baremetal.api.paging import collection, listed, page_of
from unkai.baremetal.model import INTERFACES, Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import NODES, seen_by
from unkai.kit.http import Call, Route, since

SORTABLE = ("uuid", "name", "provision_state", "power_state", "created_at", "updated_at", "driver")
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9-._~]+$")]


class NewNode(Struct, forbid_unknown_fields=True):
    driver: Annotated[str, Meta(min_length=1, max_length=255)]
    uuid: str | None = None
    name: Annotated[Name | None, since("1.5")] = None
    driver_info: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    owner: Annotated[str | None, since("1.50")] = None
    lessee: Annotated[str | None, since("1.65")] = None
    resource_class: Annotated[str | None, since("1.21")] = None
    bios_interface: Annotated[str | None, since("1.40")] = None
    boot_interface: Annotated[str | None, since("1.31")] = None
    console_interface: Annotated[str | None, since("1.31")] = None
    deploy_interface: Annotated[str | None, since("1.31")] = None
    firmware_interface: Annotated[str | None, since("1.86")] = None
    inspect_interface: Annotated[str | None, since("1.31")] = None
    management_interface: Annotated[str | None, since("1.31")] = None
    network_interface: Annotated[str | None, since("1.20")] = None
    power_interface: Annotated[str | None, since("1.31")] = None
    raid_interface: Annotated[str | None, since("1.31")] = None
    rescue_interface: Annotated[str | None, since("1.38")] = None
    storage_interface: Annotated[str | None, since("1.33")] = None
    vendor_interface: Annotated[str | None, since("1.31")] = None


async def _show(call: Call, node: Node, fields: tuple[str, ...]) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    kind = await baremetal.kit.operations.busy(baremetal.kit.database.reader, f"node/{node.uuid}")
    return show(call, node, fields, node.conductor if kind else None)


async def post_node(call: Call) -> dict[str, Any]:
    body: NewNode = call.body
    values: dict[str, Any] = {
        name: value
        for name in body.__struct_fields__
        if name not in INTERFACE_FIELDS and (value := getattr(body, name)) is not None
    }
    values["interfaces"] = {kind: getattr(body, f"{kind}_interface") for kind in INTERFACES}
    if not call.at_least("1.11"):
        values["provision_state"] = State.AVAILABLE
    node = await create_node(call.service, values)
    return await _show(call, node, asked_fields(call, None))


async def list_nodes(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    page = page_of(call, SORTABLE)
    found = await listed(NODES, baremetal.kit.database.reader, page, *seen_by(call.caller))
    fields = asked_fields(call, BRIEF)
    return collection(call, "nodes", [show(call, node, fields, None) for node in found], page)


async def show_node(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    node = await finding.find_node(session, call.caller, call.params["node_ident"])
    return await _show(call, node, asked_fields(call, None))


async def remove_node(call: Call) -> None:
    await delete_node(call.service, call.caller, call.params["node_ident"])


ROUTES = (
    Route("GET", "/nodes", list_nodes, policy="baremetal:node:list"),
    Route("POST", "/nodes", post_node, policy="baremetal:node:create", body=NewNode, status=201),
    Route("GET", "/nodes/{node_ident}", show_node, policy="baremetal:node:get"),
    Route("DELETE", "/nodes/{node_ident}", remove_node, policy="baremetal:node:delete", status=204),
)

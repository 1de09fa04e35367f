"""PATCH /nodes/{id}: JSON patches, each path with a rule of its own."""

from __future__ import annotations

from typing import Any

import msgspec

from unkai.baremetal.actions.update_node import update_node
from unkai.baremetal.api.asked import boolean, flag, ident, need
from unkai.baremetal.api.node_fields import PATCHABLE, ChangedNode, check_name, columns
from unkai.baremetal.api.node_views import INTERFACE_FIELDS, asked_fields, refuse_newer
from unkai.baremetal.api.nodes import shown_node
from unkai.baremetal.api.patch import Patch, patched
from unkai.baremetal.model import Node, State
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.http import Call, Route

_RULES = {
    "instance_info": "update_instance_info",
    "instance_name": "update_instance_info",
    "extra": "update_extra",
    "driver": "update:driver_interfaces",
    "retired": "update:retired",
    "retired_reason": "update:retired",
    **dict.fromkeys(INTERFACE_FIELDS, "update:driver_interfaces"),
    **{
        name: f"update:{name}"
        for name in (
            "driver_info",
            "properties",
            "chassis_uuid",
            "instance_uuid",
            "lessee",
            "owner",
            "network_data",
            "conductor_group",
            "name",
            "shard",
            "parent_node",
            "disable_power_off",
        )
    },
}
"""Fields with a rule of their own; the others go by `update`."""


async def patch_node(call: Call) -> dict[str, Any]:
    patch: Patch = call.body
    reset = flag(call, "reset_interfaces")
    if reset is not None:
        need(call, "1.45")
    fields = [one.path.split("/")[1] for one in patch]
    refuse_newer(call, fields)
    for one, name in zip(patch, fields, strict=True):
        if name not in PATCHABLE:
            raise BadRequest(
                f"Cannot patch {one.path}. Only the following can be updated: "
                f"{', '.join(PATCHABLE)}.",
                code="patch-not-allowed",
            )
    if reset and "driver" not in fields:
        raise BadRequest(
            "The reset_interfaces parameter can only be used when changing the node's driver."
        )
    removes = any(one.op == "remove" and one.path == "/chassis_uuid" for one in patch)
    if removes:
        need(call, "1.25")

    def change(node: Node) -> dict[str, Any]:
        if node.provision_state == State.INSPECTING and call.at_least("1.39"):
            raise Conflict(
                f'Cannot update node "{node.uuid}" while it is in state "inspecting".',
                code="node-in-transition",
            )
        return _changed(call, node, patch)

    node = await update_node(
        call.service,
        call.caller,
        ident(call),
        [f"baremetal:node:{rule}" for rule in rules_of(patch)],
        change,
        reset_interfaces=bool(reset),
    )
    return await shown_node(call, node, asked_fields(call, None))


def rules_of(patch: Patch) -> list[str]:
    """Which rules a patch needs; that of any change if it has no special one."""
    rules: list[str] = []
    for one in patch:
        name = one.path.split("/")[1]
        off = name == "automated_clean" and one.op != "remove" and one.value is not None
        if off and not boolean(name, one.value):
            rules.append("disable_cleaning")
        else:
            rules.append(_RULES.get(name, "update"))
    return list(dict.fromkeys(rules)) or ["update"]


def _changed(call: Call, node: Node, patch: Patch) -> dict[str, Any]:
    """The named fields as they are after the patch."""
    before = {
        name: node.interfaces.get(name.removesuffix("_interface"))
        if name in INTERFACE_FIELDS
        else getattr(node, name)
        for name in PATCHABLE
    }
    after = patched(before, patch, read_only=frozenset())
    try:
        said = msgspec.convert(after, ChangedNode)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Invalid input: {error}.", code="invalid-body") from error
    names = {one.path.split("/")[1] for one in patch}
    if "name" in names:
        check_name(call, said.name)
    values = columns(said)
    kept = {name: value for name, value in values.items() if name in names}
    if names & set(INTERFACE_FIELDS):
        kept["interfaces"] = values["interfaces"]
    return kept


ROUTES = (
    Route("PATCH", "/nodes/{node_ident}", patch_node, policy="baremetal:node:update", body=Patch),
)

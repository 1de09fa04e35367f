"""Change a port, as far as its node's state and its group allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from unkai.baremetal.actions.check_port import (
    check_link,
    check_standalone,
    check_wiring,
    group_for,
    join_physical_network,
)
from unkai.baremetal.actions.find_below import check_unique, find_below, node_for
from unkai.baremetal.actions.find_node import not_busy, transact_when_free
from unkai.baremetal.model import Node, Port, Portgroup, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.ports import PORTS
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller


async def update_port(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    change: Callable[[Port], dict[str, Any]],
    *,
    group_rules: bool = True,
) -> Port:
    """change: from the port as it is to the fields as they shall be.

    group_rules: a member's physical network is its group's to say.
    """

    async def write(tx: Tx) -> Port:
        port, node = await find_below(tx, caller, PORTS, ident, noun="port", rule="port:update")
        values = change(port)
        values = {name: value for name, value in values.items() if getattr(port, name) != value}
        await not_busy(baremetal, tx, node)
        _check_inspecting(node, port)
        if "node_uuid" in values:
            node = await node_for(
                baremetal, tx, caller, values["node_uuid"], "port:update", free=True
            )
            values["node_uuid"] = node.uuid
        after = structs.replace(port, **values)
        check_wiring(node, port, set(values))
        check_link(after)
        taken = {name: values[name] for name in ("address", "name") if name in values}
        await check_unique(tx, PORTS, taken, noun="port", own=port.uuid)
        now = baremetal.kit.clock.now()
        if after.portgroup_uuid is not None:
            group = await group_for(tx, node, after.portgroup_uuid)
            _check_member(group, port, values, strict=group_rules)
            if values.keys() & {"pxe_enabled", "portgroup_uuid"}:
                check_standalone(group, after)
            if values.keys() & {"portgroup_uuid", "physical_network"}:
                await join_physical_network(tx, group, after, now)
        if values:
            await PORTS.change(tx, port.uuid, updated_at=now, **values)
        return structs.replace(after, updated_at=now) if values else port

    return await transact_when_free(baremetal, write)


def _check_inspecting(node: Node, port: Port) -> None:
    if node.provision_state == State.INSPECTING:
        raise Conflict(
            f'Cannot update port "{port.uuid}" on "{node.uuid}" while it is in state "inspecting".',
            code="node-in-transition",
        )


def _check_member(group: Portgroup, port: Port, values: dict[str, Any], *, strict: bool) -> None:
    stays = port.portgroup_uuid == group.uuid
    if strict and stays and "physical_network" in values:
        raise BadRequest(
            "physical_network cannot be changed while the port belongs to a portgroup.",
            code="physical-network-of-group",
            remedy="Change the group's physical_network.",
        )

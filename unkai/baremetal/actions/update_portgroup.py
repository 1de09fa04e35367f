"""Change a port group; its physical network is that of all its members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from unkai.baremetal.actions.check_port import OPEN, check_standalone
from unkai.baremetal.actions.find_below import check_unique, find_below, node_for
from unkai.baremetal.actions.find_node import not_busy, transact_when_free
from unkai.baremetal.model import Node, Port, Portgroup, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.portgroups import PORTGROUPS
from unkai.baremetal.store.ports import PORTS, members_of
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller


async def update_portgroup(
    baremetal: Baremetal, caller: Caller, ident: str, change: Callable[[Portgroup], dict[str, Any]]
) -> Portgroup:
    """change: from the group as it is to the fields as they shall be."""

    async def write(tx: Tx) -> Portgroup:
        group, node = await find_below(
            tx, caller, PORTGROUPS, ident, noun="portgroup", rule="portgroup:update"
        )
        values = change(group)
        values = {name: value for name, value in values.items() if getattr(group, name) != value}
        await not_busy(baremetal, tx, node)
        if node.provision_state == State.INSPECTING:
            raise Conflict(
                f'Cannot update portgroup "{group.uuid}" on node "{node.uuid}" while it is in '
                'state "inspecting".',
                code="node-in-transition",
            )
        members = await members_of(tx, group.uuid)
        if "node_uuid" in values:
            _check_move(node, group, members)
            other = await node_for(
                baremetal, tx, caller, values["node_uuid"], "portgroup:update", free=True
            )
            values["node_uuid"] = other.uuid
        after = structs.replace(group, **values)
        taken = {name: values[name] for name in ("address", "name") if name in values}
        await check_unique(tx, PORTGROUPS, taken, noun="portgroup", own=group.uuid)
        for port in members:
            check_standalone(after, port)
        now = baremetal.kit.clock.now()
        if "physical_network" in values:
            for port in members:
                network = values["physical_network"]
                await PORTS.change(tx, port.uuid, updated_at=now, physical_network=network)
        if values:
            await PORTGROUPS.change(tx, group.uuid, updated_at=now, **values)
        return structs.replace(after, updated_at=now) if values else group

    return await transact_when_free(baremetal, write)


def _check_move(node: Node, group: Portgroup, members: Sequence[Port]) -> None:
    if node.provision_state not in OPEN and not node.maintenance:
        raise Conflict(
            f"Portgroup {group.uuid} can not be associated to another node than {node.uuid} unless "
            f"that is in one of the states {', '.join(OPEN)} or in maintenance mode. The current "
            f"state is '{node.provision_state}'.",
            code="port-in-use",
        )
    if members:
        raise BadRequest(
            f"Portgroup {group.uuid} can not be associated with another node because there are "
            "ports associated with this portgroup.",
            code="portgroup-not-empty",
        )

"""A NIC of a node becomes known."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.check_port import (
    check_link,
    check_standalone,
    group_for,
    join_physical_network,
)
from unkai.baremetal.actions.find_below import check_unique, node_for
from unkai.baremetal.model import Port
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.ports import PORTS
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


async def create_port(
    baremetal: Baremetal, caller: Caller, node_ident: str, values: dict[str, Any]
) -> Port:
    """values: fields of a Port but its node."""
    kit = baremetal.kit

    async def write(tx: Tx) -> Port:
        node = await node_for(baremetal, tx, caller, node_ident, "port:create")
        made: dict[str, Any] = {
            "uuid": kit.chance.uuid(),
            **values,
            "node_uuid": node.uuid,
            "created_at": kit.clock.now(),
        }
        port = Port(**made)
        check_link(port)
        taken = {"uuid": port.uuid, "address": port.address, "name": port.name}
        await check_unique(tx, PORTS, taken, noun="port")
        if port.portgroup_uuid is not None:
            group = await group_for(tx, node, port.portgroup_uuid)
            if "pxe_enabled" in values:
                check_standalone(group, port)
            await join_physical_network(tx, group, port, kit.clock.now())
        await PORTS.add(tx, port)
        return port

    return await kit.database.transact(write)

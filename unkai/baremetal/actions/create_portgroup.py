"""NICs of a node that are one to the network: the group they will join."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.find_below import check_unique, node_for
from unkai.baremetal.model import Portgroup
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.portgroups import PORTGROUPS
from unkai.kit.db import Tx
from unkai.kit.policy import Caller

MODE = "active-backup"
"""Of a group that says nothing: needs nothing of the switch."""


async def create_portgroup(
    baremetal: Baremetal, caller: Caller, node_uuid: str, values: dict[str, Any]
) -> Portgroup:
    """values: fields of a Portgroup but its node."""
    kit = baremetal.kit

    async def write(tx: Tx) -> Portgroup:
        node = await node_for(baremetal, tx, caller, node_uuid, "portgroup:create")
        made: dict[str, Any] = {
            "uuid": kit.chance.uuid(),
            "mode": MODE,
            **values,
            "node_uuid": node.uuid,
            "created_at": kit.clock.now(),
        }
        group = Portgroup(**made)
        taken = {"uuid": group.uuid, "address": group.address, "name": group.name}
        await check_unique(tx, PORTGROUPS, taken, noun="portgroup")
        await PORTGROUPS.add(tx, group)
        return group

    return await kit.database.transact(write)

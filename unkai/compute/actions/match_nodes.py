"""Servers on physical machines against what the nodes say they carry, both ways.

Only what was a server once is ours: an operator of the bare-metal service may make a node carry
anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unkai.baremetal.model import Carrier
from unkai.baremetal.model import PowerState as NodePower
from unkai.compute.actions.sync_power import EXPECTED
from unkai.compute.drivers.node import POWER
from unkai.compute.model import Server
from unkai.compute.service import Compute, is_node
from unkai.compute.states import VmState
from unkai.compute.store import servers
from unkai.kit.db import Session

Carried = Mapping[str, Carrier]
"""Instances to the nodes that carry them."""


async def strange_nodes(
    compute: Compute, session: Session, carried: Carried, busy: set[str]
) -> dict[str, str]:
    """Servers that are gone to the nodes that still carry them; `busy` ones are passed over."""
    known = await servers.known_ids(session, carried.keys())
    gone = known - await servers.living_ids(session, known) - busy
    working = await compute.kit.operations.held(session, "node")
    return {
        server_id: node.uuid
        for server_id, node in carried.items()
        if server_id in gone and f"node/{node.uuid}" not in working
    }


def homeless_servers(placed: Iterable[Server], carried: Carried) -> list[Server]:
    """Those at rest whose node carries another instance, or none, or is no more."""
    return [
        one
        for one in placed
        if one.host is not None
        and is_node(one.host)
        and one.task_state is None
        and (one.id not in carried or carried[one.id].uuid != one.host)
    ]


def differing_servers(placed: Iterable[Server], carried: Carried) -> list[Server]:
    """Those at rest whose node is on where they are off, or off where they are on."""
    return [
        one
        for one in placed
        if one.task_state is None
        and one.vm_state in EXPECTED
        and (node := carried.get(one.id)) is not None
        and (power := POWER.get(node.power_state or NodePower.ERROR)) is not None
        and power not in EXPECTED[VmState(one.vm_state)]
    ]

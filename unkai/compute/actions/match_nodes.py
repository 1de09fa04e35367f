"""Servers on physical machines against what the nodes say they carry, both ways.

Only what was a server once is ours: an operator of the bare-metal service may make a node carry
anything else.
"""

from __future__ import annotations

from collections.abc import Iterable

from unkai.baremetal.actions.reserve_node import nodes_by_instance
from unkai.compute.model import Server
from unkai.compute.service import Compute, is_node
from unkai.compute.store import servers
from unkai.kit.db import Session


async def strange_nodes(compute: Compute, session: Session, busy: set[str]) -> dict[str, str]:
    """Servers that are gone to the nodes that still carry them; `busy` ones are passed over."""
    carried = await nodes_by_instance(session)
    known = await servers.known_ids(session, carried.keys())
    gone = known - await servers.living_ids(session, known) - busy
    working = await compute.kit.operations.held(session, "node")
    return {
        server_id: node
        for server_id, node in carried.items()
        if server_id in gone and f"node/{node}" not in working
    }


async def homeless_servers(compute: Compute, placed: Iterable[Server]) -> list[Server]:
    """Those at rest whose node carries another instance, or none, or is no more."""
    carried = await nodes_by_instance(compute.kit.database.reader)
    return [
        one
        for one in placed
        if one.host is not None
        and is_node(one.host)
        and one.task_state is None
        and carried.get(one.id) != one.host
    ]

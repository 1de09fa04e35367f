"""Physical machines against the servers placed on them.

A node that still carries a server that is gone is given back; a server whose node does not carry it
any more is shown as lost: each once it was seen twice. Power that differs is followed.
"""

from __future__ import annotations

from contextlib import suppress

from unkai.baremetal.actions.reserve_node import nodes_by_instance
from unkai.compute.actions.busy_servers import busy_servers
from unkai.compute.actions.lose_guest import is_lost, lose_guest
from unkai.compute.actions.match_nodes import (
    differing_servers,
    homeless_servers,
    strange_nodes,
)
from unkai.compute.actions.remove_leftover import remove_leftover
from unkai.compute.actions.sync_power import sync_power
from unkai.compute.service import Compute, is_node
from unkai.compute.store import servers
from unkai.kit.operations import Retry


class NodeReconciler:
    """Remembers what the last run saw."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._strange: dict[str, str] = {}
        self._homeless: set[str] = set()

    async def run(self) -> None:
        compute = self._compute
        reader = compute.kit.database.reader
        busy = await busy_servers(compute, reader)
        carried = await nodes_by_instance(reader)
        placed = [one for one in await servers.on_nodes(reader) if is_node(one.host or "")]
        strange = await strange_nodes(compute, reader, carried, busy)
        for server_id, node in strange.items():
            if self._strange.get(server_id) == node:
                with suppress(Retry):  # it says that the node is being cleaned
                    await remove_leftover(compute, node, server_id)
        self._strange = strange
        homeless = [one for one in homeless_servers(placed, carried) if not is_lost(one)]
        for one in homeless:
            if one.id in self._homeless:
                await lose_guest(compute, one.host or "", one.id)
        self._homeless = {one.id for one in homeless}
        for one in differing_servers(placed, carried):
            if one.id not in self._homeless and one.id not in busy:
                await sync_power(compute, one.host or "", one.id)

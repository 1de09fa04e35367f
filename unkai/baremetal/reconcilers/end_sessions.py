"""Sessions on BMCs, ended once no node has their login: it was deleted, or given another one.

A BMC has few sessions to give, and keeps a Redfish one for half an hour. Woken for a node, this
looks at that node alone, for it remembers the logins of all; by the clock, at every node.
"""

from __future__ import annotations

from unkai.baremetal.drivers.bmcs import Login, logins_of
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import get_node, nodes_with_bmcs


class EndSessions:
    """One round a call of `run`."""

    def __init__(self, baremetal: Baremetal, guard: Guard) -> None:
        self._baremetal, self._guard = baremetal, guard
        self._changed: set[str] = set()
        self._logins: dict[str, frozenset[Login]] = {}

    def changed(self, uuid: str) -> None:
        self._changed.add(uuid)

    async def run(self) -> None:
        changed, self._changed = self._changed, set()
        held, before = self._baremetal.bmcs.held(), self._logins
        if not held:
            self._logins = {}
            return
        if changed and changed <= before.keys():
            self._logins = await self._look_at(changed)
            held &= set[Login]().union(*(before[uuid] for uuid in changed))
        else:
            self._logins = await self._look_at_all()
            self._guard.forget(set(self._logins))
        # A console whose login is another one is opened again by its keeper.
        now = self._logins
        moved = [uuid for uuid, known in before.items() if now.get(uuid, known) != known]
        await self._baremetal.consoles.leave(moved)
        await self._baremetal.bmcs.end(held.difference(*now.values()))

    async def _look_at(self, uuids: set[str]) -> dict[str, frozenset[Login]]:
        found = {uuid: known for uuid, known in self._logins.items() if uuid not in uuids}
        for uuid in uuids:
            node = await get_node(self._baremetal.kit.database.reader, uuid)
            if node is not None:
                found[uuid] = logins_of(node)
        return found

    async def _look_at_all(self) -> dict[str, frozenset[Login]]:
        nodes = await self._baremetal.kit.database.read_apart(nodes_with_bmcs)
        return {node.uuid: logins_of(node) for node in nodes}

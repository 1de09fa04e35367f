"""Whose serial line is kept open: where the console is enabled, and where a ramdisk is at work.

What a machine says while it boots our ramdisk explains most failures, so the line is opened before
the machine is switched on and kept a while after, until its own system has booted. Notable lines go
to the timeline, in one write a round.
"""

from __future__ import annotations

from unkai.baremetal.actions.agent_session import PURPOSES
from unkai.baremetal.drivers.base import ConsoleStream
from unkai.baremetal.model import Node, PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import Fault, NotFound
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

LINGER_S = 180.0
FORGET_EVERY_S = 600.0


class KeepConsoles:
    """One round a call of `run`. Remembers since when a line is wanted no more."""

    def __init__(self, baremetal: Baremetal) -> None:
        self._baremetal = baremetal
        self._until: dict[str, float] = {}
        self._forget_at = 0.0

    async def run(self) -> None:
        kit, consoles = self._baremetal.kit, self._baremetal.consoles
        now = kit.clock.monotonic()
        held = await kit.operations.held(kit.database.reader, "node")
        working = [s.removeprefix("node/") for s, kind in held.items() if kind in PURPOSES]
        kept = consoles.kept()
        asked = {*working, *kept}
        found = await nodes.nodes_with_console(kit.database.reader, sorted(asked))
        wanted = {node.uuid: node for node in found if self._has_line(node)}
        for uuid, node in wanted.items():
            if node.console_enabled or (uuid in working and self._boots_ramdisk(node)):
                self._until[uuid] = now + LINGER_S
            elif node.power_state == PowerState.OFF:
                self._until[uuid] = now
        for uuid in wanted.keys() - kept:
            if self._until.get(uuid, 0.0) > now:
                consoles.keep(uuid, lambda uuid=uuid: self._open(uuid))
        gone = [uuid for uuid in kept if uuid not in wanted or self._until.get(uuid, 0.0) <= now]
        await consoles.leave(gone)
        for uuid in gone:
            self._until.pop(uuid, None)
        await self._tell()
        if now >= self._forget_at:
            self._forget_at = now + FORGET_EVERY_S
            consoles.logs.forget(set(await nodes.states_of_nodes(kit.database.reader)))

    def _has_line(self, node: Node) -> bool:
        return node.interface("console") in self._baremetal.drivers.console

    def _boots_ramdisk(self, node: Node) -> bool:
        """Played machines say nothing, and nobody waits for them."""
        try:
            return self._baremetal.deploy(node).uses_agent
        except Fault:
            return False

    async def _open(self, uuid: str) -> ConsoleStream:
        node = await nodes.get_node(self._baremetal.kit.database.reader, uuid)
        if node is None:
            raise NotFound(f"Node {uuid} could not be found.", code="node-unknown")
        return await self._baremetal.console(node).open(node)

    async def _tell(self) -> None:
        rows = [
            event(
                f"node/{uuid}",
                who.BARE_METAL_NODE,
                "console",
                started_at=at,
                ended_at=at,
                request_id="",
                detail=line,
            )
            for uuid, at, line in self._baremetal.consoles.lines()
        ]
        if not rows:
            return

        async def write(tx: Tx) -> None:
            await record(tx, *rows)

        await self._baremetal.kit.database.transact(write)

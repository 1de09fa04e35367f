"""Power sync: every BMC is asked in turn whether its machine is on, by one process for thousands.

A round reads the nodes in one query and spreads their polls over half of its time; each is a task
of its own, so that a slow BMC delays nobody. What is as it was costs no transaction; the rest is
written in batches while the round goes on. A difference counts once it has been seen twice.
"""

from __future__ import annotations

import asyncio

from unkai.baremetal.actions.write_power import Seen, matters, write_power
from unkai.baremetal.drivers.base import Unsupported
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.model import Node, PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import nodes_to_watch
from unkai.kit.errors import Fault
from unkai.kit.log import log

AT_ONCE = 512
"""Polls under way; each is a datagram or a connection and a timer."""
BATCH = 50
GROUP = 8
MOST_GAP_S = 0.02
LOOK_AGAIN_S = 1.0
MOST_RESTORES = 3


class SyncPower:
    """One round a call of `run`; what it remembers between rounds is in memory alone."""

    def __init__(self, baremetal: Baremetal, guard: Guard, *, look_again_s: float = LOOK_AGAIN_S):
        self._baremetal, self._guard = baremetal, guard
        self._look_again_s = look_again_s
        self._failures: dict[str, int] = {}
        self._restores: dict[str, int] = {}
        self.polls = 0

    async def run(self) -> None:
        kit = self._baremetal.kit
        nodes = await kit.database.read_apart(nodes_to_watch)
        busy = await kit.operations.held(kit.database.reader, "node")
        self._forget({node.uuid for node in nodes})
        free = [node for node in nodes if f"node/{node.uuid}" not in busy]
        if not free:
            return
        gap_s = min(MOST_GAP_S, self._baremetal.settings.power_sync_s / 2 / len(free))
        seen: asyncio.Queue[Seen | None] = asyncio.Queue()
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as writing:
            writing.create_task(self._write(seen))
            async with asyncio.TaskGroup() as polling:
                for number, node in enumerate(free):
                    await room.acquire()
                    polling.create_task(self._poll(node, room, seen))
                    if number % GROUP == GROUP - 1:
                        await kit.clock.sleep(gap_s * GROUP)
            seen.put_nowait(None)

    async def _poll(self, node: Node, room: asyncio.Semaphore, seen: asyncio.Queue[Seen | None]):
        """One node; whatever goes wrong with it is its own affair."""
        try:
            found = await self._look(node)
            if found is not None and matters(found):
                seen.put_nowait(found)
        except Exception:  # noqa: BLE001 - a driver's fault on one node ends no round
            log.exception("a power poll failed", node=node.uuid)
        finally:
            self.polls += 1
            room.release()

    async def _look(self, node: Node) -> Seen | None:
        """None where there is nothing to be said."""
        try:
            power = self._baremetal.power(node)
            found = await power.get_power_state(node)
            if self._differs(node, found):
                await self._baremetal.kit.clock.sleep(self._look_again_s)
                if await power.get_power_state(node) != found:
                    return None  # on its way from one to the other
        except Unsupported:
            return None
        except Fault as fault:
            return self._failed(node, fault)
        self._failures.pop(node.uuid, None)
        health = self._guard.health(node)
        if not self._differs(node, found):
            self._restores.pop(node.uuid, None)
            return Seen(node, found, health)
        if not self._is_to_restore(node):
            return Seen(node, found, health)
        count = self._restores[node.uuid] = self._restores.get(node.uuid, 0) + 1
        if count > MOST_RESTORES:
            self._restores.pop(node.uuid)
            return Seen(node, found, health, in_vain=True)
        return Seen(node, found, health, restore=True)

    def _failed(self, node: Node, fault: Fault) -> Seen:
        count = self._failures[node.uuid] = self._failures.get(node.uuid, 0) + 1
        return Seen(node, None, self._guard.health(node), fault, count)

    def _differs(self, node: Node, found: PowerState) -> bool:
        return node.power_state is not None and node.power_state != found

    def _is_to_restore(self, node: Node) -> bool:
        """A retired node is only watched; one that must not be switched off is not."""
        if not self._baremetal.settings.force_power_state_during_sync:
            return False
        if node.retired or node.maintenance or node.fault is not None:
            return False
        if node.power_state is PowerState.OFF:
            return not node.disable_power_off
        return node.power_state is PowerState.ON

    async def _write(self, seen: asyncio.Queue[Seen | None]) -> None:
        """Batches as they come: what arrives during a transaction is the next one's."""
        last = False
        while not last:
            batch: list[Seen] = []
            one = await seen.get()
            while one is not None:
                batch.append(one)
                if len(batch) == BATCH or seen.empty():
                    break
                one = seen.get_nowait()
            last = one is None
            if batch:
                await write_power(self._baremetal, batch)

    def _forget(self, known: set[str]) -> None:
        for remembered in (self._failures, self._restores):
            for uuid in remembered.keys() - known:
                del remembered[uuid]

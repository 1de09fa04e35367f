"""Guests of each host against the servers placed there, both ways.

A guest or port without a server is removed once it was seen twice with no operation on it; a server
whose guest was missing twice is shown as lost. A server that should run and does not, because its
host was rebooted, is started again. Power that differs is followed by `sync_power`.
"""

from __future__ import annotations

import asyncio

from unkai.compute.actions.lose_guest import is_lost, lose_guest
from unkai.compute.actions.remove_leftover import remove_leftover
from unkai.compute.actions.resume_after_reboot import resume_after_reboot
from unkai.compute.actions.sync_power import lost_boot_id, sync_power
from unkai.compute.service import Compute
from unkai.compute.states import VmState
from unkai.compute.store import hosts, servers
from unkai.hypervisor.model import Census, PowerState
from unkai.kit.errors import Fault
from unkai.kit.log import log

ANSWER_S = 20.0
STOPPED = frozenset({PowerState.STOPPED, PowerState.CRASHED})


class GuestReconciler:
    """Remembers from one run to the next what looked wrong."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._suspects: dict[str, set[str]] = {}
        self._missing: dict[str, set[str]] = {}

    async def run(self) -> None:
        await asyncio.gather(*(self._one(name) for name in list(self._compute.agents)))

    async def _one(self, name: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                census = await self._compute.agent(name).list()
            await self._compare(name, census)
        except (Fault, TimeoutError) as error:
            log.info("guests of a host not compared", host=name, error=str(error))

    async def _compare(self, name: str, census: Census) -> None:
        compute = self._compute
        placed = {
            one.id: one for one in await servers.living_by_host(compute.kit.database.reader, name)
        }
        present = {status.server_id: status.power_state for status in census.machines}
        left = {each.server_id for each in census.leftovers if each.server_id}
        strange = {*present, *left} - set(placed)
        again = strange & self._suspects.get(name, set())
        for server_id in sorted(again):
            await remove_leftover(compute, name, server_id)
        self._suspects[name] = strange - again
        missing = {one.id for one in placed.values() if one.id not in present and not is_lost(one)}
        for server_id in sorted(missing & self._missing.get(name, set())):
            await lose_guest(compute, name, server_id)
        self._missing[name] = missing
        lost = await lost_boot_id(compute, name)
        for server_id, server in placed.items():
            power = present.get(server_id)
            if power is None or server.task_state is not None:
                continue
            if lost and server.vm_state == VmState.ACTIVE and power in STOPPED:
                await resume_after_reboot(compute, server)
            elif not lost:
                await sync_power(compute, name, server_id)
        if lost:
            await compute.kit.database.transact(lambda tx: hosts.recovered(tx, name, lost))

"""Hosts: each is asked what it has; placement is told, and when it was last heard is noted."""

from __future__ import annotations

import asyncio

from msgspec import structs

from unkai.compute.actions.register_host import register_host
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.kit.errors import Unavailable
from unkai.kit.log import log

ANSWER_S = 5.0


async def reconcile_hosts(compute: Compute) -> None:
    """One silent host delays nobody."""
    await asyncio.gather(*(_one(compute, name) for name in list(compute.agents)))


async def _one(compute: Compute, name: str) -> None:
    try:
        async with asyncio.timeout(ANSWER_S):
            facts = await compute.agent(name).describe()
    except (Unavailable, TimeoutError) as away:
        log.warning("host does not answer", host=name, error=str(away))
        return
    known = await hosts.get_host(compute.kit.database.reader, name)
    now = compute.kit.clock.now()
    if known is not None and known.facts == structs.asdict(facts):
        await compute.kit.database.transact(lambda tx: hosts.host_seen(tx, name, now))
        return
    await register_host(compute, facts)

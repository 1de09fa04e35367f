"""Power, as it changes: every host is listened to, and what a guest did by itself is written down.

`changes()` begins with what is, so nothing is missed by listening late. This runs as long as the
process does; a host that goes away is listened to again when it is back.
"""

from __future__ import annotations

import asyncio

from unkai.compute.actions.sync_power import sync_power
from unkai.compute.service import Compute
from unkai.kit.errors import Fault
from unkai.kit.log import log

LOOK_S = 2.0
"""How often new hosts are looked for."""


async def watch_power(compute: Compute) -> None:
    """Never ends by itself."""
    listening: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            for name in list(compute.agents):
                task = listening.get(name)
                if task is None or task.done():
                    listening[name] = asyncio.create_task(_listen(compute, name))
            await compute.kit.clock.sleep(LOOK_S)
    finally:
        for task in listening.values():
            task.cancel()
        await asyncio.gather(*listening.values(), return_exceptions=True)


async def _listen(compute: Compute, name: str) -> None:
    try:
        async for status in compute.agent(name).changes():
            await sync_power(compute, name, status.server_id)
    except Fault as fault:
        log.info("listening to a host ended", host=name, error=fault.message)
    except Exception:  # noqa: BLE001 - a listener must outlive whatever one change brings
        log.exception("listening to a host failed", host=name)

"""Take a machine off a host that belongs to no server there."""

from __future__ import annotations

from unkai.compute.service import Compute
from unkai.compute.store import servers
from unkai.kit.log import log


async def remove_leftover(compute: Compute, host: str, server_id: str) -> bool:
    """Whether it was removed: not where an operation has the server in hand, or it is at home."""
    reader = compute.kit.database.reader
    if await compute.kit.operations.busy(reader, f"server/{server_id}") is not None:
        return False
    server = await servers.get_server(reader, server_id)
    if server is not None and server.deleted_at is None and server.host == host:
        return False
    agent = compute.agent(host)
    epoch = (await agent.status(server_id)).epoch
    log.warning("removing a machine without a server", host=host, server=server_id)
    await agent.remove(server_id, epoch)
    return True

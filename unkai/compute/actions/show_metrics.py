"""What a server or a host did lately, as its host's agent measured it."""

from __future__ import annotations

from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.hypervisor.model import Metrics
from unkai.kit.db import Session
from unkai.kit.errors import Conflict, NotFound


async def server_metrics(compute: Compute, server: Server, since: float) -> Metrics:
    """Conflict where it has no host; Unavailable where that does not answer."""
    if server.host is None:
        raise Conflict(f"Server {server.id} is on no host.", code="server-not-ready")
    return await compute.agent(server.host).metrics(server.id, since)


async def host_metrics(compute: Compute, session: Session, hostname: str, since: float) -> Metrics:
    if await hosts.get_host(session, hostname) is None:
        raise NotFound(f"Compute host {hostname} could not be found.", code="host-unknown")
    return await compute.agent(hostname).metrics(None, since)

"""Compute hosts as services: enable, disable, force down, forget."""

from __future__ import annotations

from contextlib import suppress

from unkai.compute.actions.aggregates import leave_aggregates
from unkai.compute.model import ComputeHost
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, NotFound
from unkai.placement.actions.providers import delete_provider, set_traits
from unkai.placement.actions.usage import traits_of

DOWN_AFTER_S = 60.0
"""A host not heard of for so long is down."""
DISABLED = "COMPUTE_STATUS_DISABLED"


def is_up(host: ComputeHost, now: float) -> bool:
    return not host.forced_down and now - host.seen_at < DOWN_AFTER_S


async def _need(tx: Tx, hostname: str) -> ComputeHost:
    host = await hosts.get_host(tx, hostname)
    if host is None:
        raise NotFound(f"Compute host {hostname} could not be found.", code="host-unknown")
    return host


async def set_host_disabled(
    compute: Compute, tx: Tx, hostname: str, *, disabled: bool, reason: str | None
) -> ComputeHost:
    """Take no new servers on a host, or take them again; placement's trait follows."""
    host = await _need(tx, hostname)
    now = compute.kit.clock.now()
    await hosts.set_disabled(tx, hostname, disabled=disabled, reason=reason, now=now)
    traits = await traits_of(tx, host.id)
    wanted = traits | {DISABLED} if disabled else traits - {DISABLED}
    if traits != wanted:
        with suppress(NotFound):  # not reported to placement yet
            await set_traits(compute.placement, tx, host.id, wanted)
    return await _need(tx, hostname)


async def set_host_forced_down(
    compute: Compute, tx: Tx, hostname: str, *, forced_down: bool
) -> ComputeHost:
    """Say that a host is down, whatever it says itself."""
    await _need(tx, hostname)
    now = compute.kit.clock.now()
    await hosts.set_forced_down(tx, hostname, forced_down=forced_down, now=now)
    return await _need(tx, hostname)


async def delete_host(compute: Compute, tx: Tx, host: ComputeHost) -> None:
    """Forget a host; Conflict while servers are on it. A host that lives reports itself anew."""
    if await hosts.servers_on(tx, [host.hostname]):
        raise Conflict(
            "Unable to delete compute service that is hosting instances.",
            remedy="Migrate or delete the instances first.",
        )
    await leave_aggregates(compute, tx, host.hostname)
    with suppress(NotFound):
        await delete_provider(compute.placement, tx, host.id)
    await hosts.delete_host(tx, host.hostname)

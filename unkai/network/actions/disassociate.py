"""Take floating IPs off ports that go away or lose the address they lead to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from unkai.kit.db import Tx
from unkai.network.drivers.base import Ref
from unkai.network.model import FloatingIP, Port
from unkai.network.service import NetworkService
from unkai.network.states import DOWN
from unkai.network.store import floating_ips


async def disassociate_ports(network: NetworkService, tx: Tx, port_ids: Iterable[str]) -> None:
    """All floating IPs of ports that are about to be deleted."""
    found = await floating_ips.floating_ips_of_ports(tx, port_ids)
    for floating_ip in (one for many in found.values() for one in many):
        await disassociate(network, tx, floating_ip)


async def disassociate_lost(network: NetworkService, tx: Tx, port: Port) -> None:
    """Floating IPs that lead to an address the port does not have any more."""
    have = {fixed.ip_address for fixed in port.fixed_ips}
    found = await floating_ips.floating_ips_of_ports(tx, [port.id])
    for floating_ip in found.get(port.id, []):
        if floating_ip.fixed_ip_address not in have:
            await disassociate(network, tx, floating_ip)


async def disassociate(network: NetworkService, tx: Tx, floating_ip: FloatingIP) -> FloatingIP:
    after = replace(
        floating_ip,
        port_id=None,
        fixed_ip_address=None,
        router_id=None,
        status=DOWN,
        updated_at=network.kit.clock.now(),
        revision_number=floating_ip.revision_number + 1,
    )
    await floating_ips.save_floating_ip(tx, after)
    await network.changed(tx, Ref("floating_ip", after.id))
    return after

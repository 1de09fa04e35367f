"""Where a physical machine reaches the cloud itself on its tenant's network.

That is the network's metadata port: one hop away, on every network with DHCP, with nobody's router
or floating IP between them.
"""

from __future__ import annotations

import ipaddress

from unkai.kit.db import Session
from unkai.network.actions.find_port import port_at
from unkai.network.model import OWNER_METADATA, VNIC_MACHINE
from unkai.network.service import NetworkService
from unkai.network.store import ports


async def machine_portal(session: Session, port_id: str) -> tuple[str, str] | None:
    """The network of a port, and our IPv4 address in the port's subnet; None if we have none."""
    port = await ports.get_port(session, port_id)
    if port is None:
        return None
    ours = await ports.ports_of_network(session, port.network_id, OWNER_METADATA)
    known = {fixed.subnet_id: fixed.ip_address for one in ours for fixed in one.fixed_ips}
    for fixed in port.fixed_ips:
        if ipaddress.ip_address(fixed.ip_address).version == 4 and fixed.subnet_id in known:
            return port.network_id, known[fixed.subnet_id]
    return None


async def machine_at(
    network: NetworkService, session: Session, network_id: str, address: str
) -> str | None:
    """The node whose NIC has the address in the network; None if no machine has it."""
    port = await port_at(network, session, network_id, address)
    if port is None or port.binding_vnic_type != VNIC_MACHINE:
        return None
    return port.binding_host_id or None

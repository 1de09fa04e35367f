"""The address of a DHCP server that is not the wire's own: reserved by a port of the cloud's."""

from __future__ import annotations

from msgspec import UNSET

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import service_caller
from unkai.network.actions.allocate_addresses import FixedIPRequest
from unkai.network.actions.create_port import PortRequest, add_port
from unkai.network.model import OWNER_DHCP, OWNER_MACHINE, Network, Port
from unkai.network.service import NetworkService
from unkai.network.store import ports


async def have_dhcp_port(
    network: NetworkService, tx: Tx, on: Network, address: str | None = None
) -> Port:
    """The network's, made where it is missing, with this address or any. Conflict: no address.

    It goes with the network.
    """
    present = await ports.ports_of_network(tx, on.id, OWNER_DHCP)
    if present:
        return present[0]
    request = PortRequest(
        network_id=on.id,
        device_id=f"dhcp-{on.id}",
        device_owner=OWNER_DHCP,
        port_security_enabled=False,
        fixed_ips=(FixedIPRequest(ip_address=address),) if address else UNSET,
    )
    caller = service_caller("network", "")
    made = await add_port(network, tx, caller, request, on=on, project_id=on.project_id)
    if not made.fixed_ips:
        raise Conflict(
            f"Network {on.id} has no subnet with a free address for its DHCP server.",
            code="network-requires-subnet",
        )
    return made


async def machine_ports(network: NetworkService, tx: Tx, network_id: str) -> list[Port]:
    """The cloud's own ports of machines on a network."""
    return await ports.ports_of_network(tx, network_id, OWNER_MACHINE)

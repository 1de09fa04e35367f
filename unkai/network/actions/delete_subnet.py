"""Delete a subnet that no port has an address of."""

from __future__ import annotations

from dataclasses import replace

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import Caller
from unkai.network.actions.allocate_addresses import is_automatic
from unkai.network.actions.create_subnet import mark_subnet
from unkai.network.actions.find import must_own, subnet_of
from unkai.network.actions.metadata_port import sync_metadata_port
from unkai.network.drivers.base import Ref
from unkai.network.model import Port, Subnet
from unkai.network.service import NetworkService
from unkai.network.states import DELETED_WITH_NETWORK, is_trusted
from unkai.network.store import networks, ports, subnets


async def delete_subnet(network: NetworkService, tx: Tx, caller: Caller, subnet_id: str) -> None:
    subnet = await subnet_of(tx, caller, subnet_id)
    on = await networks.get_network(tx, subnet.network_id)
    assert on is not None
    must_own(caller, on.project_id, f"Subnet {subnet_id}")
    held = await subnets.owners_in_subnet(tx, subnet_id)
    holders = {port_id for port_id, owner in held.items() if owner not in DELETED_WITH_NETWORK}
    found = await ports.get_ports(tx, held)
    automatic = {i for i in holders if is_automatic(subnet) and not is_trusted(held[i])}
    if holders - automatic:
        raise Conflict(
            f"Unable to complete operation on subnet {subnet_id}: One or more ports have an IP "
            "allocation from this subnet.",
            code="subnet-in-use",
            remedy=f"They are {', '.join(sorted(holders)[:20])}.",
        )
    for port in found.values():
        await _leave(network, tx, port, subnet)
    await subnets.delete_subnet(tx, subnet_id)
    await mark_subnet(network, tx, on, subnet)
    await sync_metadata_port(network, tx, on)


async def _leave(network: NetworkService, tx: Tx, port: Port, subnet: Subnet) -> None:
    """The port lives on without its address of the subnet."""
    kept = tuple(fixed for fixed in port.fixed_ips if fixed.subnet_id != subnet.id)
    after = replace(
        port,
        fixed_ips=kept,
        updated_at=network.kit.clock.now(),
        revision_number=port.revision_number + 1,
    )
    await ports.save_port(tx, after, port)
    await network.changed(tx, Ref("port", port.id))

"""The port by which a network's machines reach 169.254.169.254.

Each network with DHCP has one, on every host at once; it takes an address in every IPv4 subnet with
DHCP, from which the metadata service answers and which DHCP gives as the way there.
"""

from __future__ import annotations

from dataclasses import replace

from unkai.kit.db import Tx
from unkai.kit.policy import service_caller
from unkai.network.actions.allocate_addresses import free_address
from unkai.network.actions.create_port import PortRequest, add_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.drivers.base import Ref
from unkai.network.model import OWNER_METADATA, FixedIP, Network, Port
from unkai.network.service import NetworkService
from unkai.network.store import ports, subnets


async def sync_metadata_port(network: NetworkService, tx: Tx, on: Network) -> None:
    """Have the port exactly where it is needed, with exactly the addresses it needs.

    A subnet without a free address goes without; its machines have the config drive.
    """
    present = await ports.ports_of_network(tx, on.id, OWNER_METADATA)
    served = [
        subnet
        for subnet in (await subnets.subnets_of(tx, [on.id])).get(on.id, [])
        if subnet.enable_dhcp and subnet.ip_version == 4
    ]
    if not served:
        await remove_ports(network, tx, [port.id for port in present])
        return
    before = present[0] if present else await _make(network, tx, on)
    kept = {fixed.subnet_id: fixed for fixed in before.fixed_ips}
    wanted: list[FixedIP] = []
    for subnet in served:
        fixed = kept.get(subnet.id)
        if fixed is None:
            address = await free_address(network, tx, subnet, ())
            fixed = FixedIP(subnet.id, address) if address else None
        if fixed is not None:
            wanted.append(fixed)
    if tuple(wanted) == before.fixed_ips:
        return
    after = replace(
        before,
        fixed_ips=tuple(wanted),
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await ports.save_port(tx, after, before)
    await network.changed(tx, Ref("port", after.id), ("subnet", [s.id for s in served]))


async def _make(network: NetworkService, tx: Tx, on: Network) -> Port:
    request = PortRequest(
        network_id=on.id,
        device_id=f"ovnmeta-{on.id}",
        device_owner=OWNER_METADATA,
        fixed_ips=(),
    )
    caller = service_caller("network", "")
    return await add_port(network, tx, caller, request, on=on, project_id=on.project_id)

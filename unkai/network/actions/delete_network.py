"""Delete a network with its subnets and unused floating IPs; ports on it keep it alive."""

from __future__ import annotations

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import Caller
from unkai.network.actions.find import must_own, network_of
from unkai.network.actions.floating_ips import drop_floating_ip
from unkai.network.drivers.base import Ref
from unkai.network.service import NetworkService
from unkai.network.states import DELETED_WITH_NETWORK
from unkai.network.store import floating_ips, networks, ports, rbac_policies, segments, subnets


async def delete_network(network: NetworkService, tx: Tx, caller: Caller, network_id: str) -> None:
    found = await network_of(tx, caller, network_id)
    must_own(caller, found.project_id, f"Network {network_id}")
    for floating_ip in await floating_ips.floating_ips_on(tx, network_id):
        if floating_ip.port_id is None:
            await drop_floating_ip(network, tx, floating_ip.id)
    members = await ports.network_ids_in_use(tx, network_id)
    others = [row.id for row in members if row.device_owner not in DELETED_WITH_NETWORK]
    if others:
        raise Conflict(
            f"Unable to complete operation on network {network_id}. There are one or more ports "
            f"still in use on the network, id for these ports is: {','.join(others[:20])}.",
            code="network-in-use",
            remedy="Delete these ports, or the routers and servers that hold them, first.",
        )
    own = [row.id for row in members]
    await ports.delete_ports(tx, own)
    for subnet_id in found.subnet_ids:
        await subnets.delete_subnet(tx, subnet_id)
    await rbac_policies.delete_policies_of(tx, "network", network_id)
    await segments.delete_segments(tx, network_id)
    await networks.delete_network(tx, network_id)
    await network.changed(
        tx, ("port", own), ("subnet", found.subnet_ids), Ref("network", network_id)
    )

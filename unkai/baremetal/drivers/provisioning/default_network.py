"""The provisioning network of a cloud whose operator made none."""

from __future__ import annotations

import ipaddress

from unkai.kit.db import Tx
from unkai.kit.policy import service_caller
from unkai.network.actions.create_network import NetworkRequest, create_network
from unkai.network.actions.create_subnet import PoolRequest, SubnetRequest, create_subnet
from unkai.network.actions.dhcp_port import have_dhcp_port
from unkai.network.actions.show_network import network_called
from unkai.network.model import Network
from unkai.network.service import NetworkService
from unkai.settings import BaremetalSettings


async def make_provisioning_network(
    network: NetworkService, settings: BaremetalSettings
) -> Network:
    """A VLAN of the physical network with a subnet without OVN's DHCP; nobody's project.

    Our own address is the first of it. The first three quarters of its addresses are Neutron's to
    give, the rest is for discovery.
    """
    prefix = ipaddress.IPv4Network(settings.provisioning_cidr)
    first, last = prefix[2], prefix[prefix.num_addresses * 3 // 4 - 1]
    who = service_caller("baremetal", "")

    async def write(tx: Tx) -> Network:
        present = await network_called(network, tx, settings.provisioning_network)
        if present is not None:
            return present
        made = await create_network(
            network,
            tx,
            who,
            NetworkRequest(
                name=settings.provisioning_network,
                provider_network_type="vlan",
                provider_physical_network=settings.physical_network,
                provider_segmentation_id=settings.provisioning_vlan,
            ),
        )
        await create_subnet(
            network,
            tx,
            who,
            SubnetRequest(
                network_id=made.id,
                name=f"{made.name}-subnet",
                ip_version=4,
                cidr=str(prefix),
                gateway_ip=None,
                enable_dhcp=False,
                allocation_pools=(PoolRequest(start=str(first), end=str(last)),),
            ),
        )
        await have_dhcp_port(network, tx, made, str(first))
        return made

    return await network.kit.database.transact(write)

"""What a fresh cloud has: a way out, and a network of the demo project behind a router."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from unkai.kit.db import Tx
from unkai.kit.policy import service_caller
from unkai.network.actions.create_network import NetworkRequest, create_network
from unkai.network.actions.create_subnet import SubnetRequest, create_subnet
from unkai.network.actions.router_gateway import GatewayRequest
from unkai.network.actions.router_interfaces import InterfaceRequest, add_router_interface
from unkai.network.actions.routers import RouterRequest, create_router
from unkai.network.actions.subnet_pools import SubnetPoolRequest, create_subnet_pool
from unkai.network.model import Network
from unkai.network.service import NetworkService
from unkai.network.store import networks

PUBLIC, PRIVATE, ROUTER = "public", "private", "router1"
PRIVATE_CIDR = "10.0.0.0/24"
POOL_PREFIX = "10.64.0.0/10"


@dataclass(frozen=True, slots=True)
class SeededNetwork:
    """Ids; "" for what somebody has deleted since."""

    public_id: str
    private_id: str


async def seed_network(
    network: NetworkService, admin_project_id: str, demo_project_id: str
) -> SeededNetwork:
    """Make the networks `public` and `private` with router1, once, while there are none at all."""

    async def write(tx: Tx) -> SeededNetwork:
        present = await networks.all_networks(tx)
        if present:
            return SeededNetwork(
                _named(present, PUBLIC, admin_project_id),
                _named(present, PRIVATE, demo_project_id),
            )
        public_id = await _make_public(network, tx, admin_project_id)
        return SeededNetwork(
            public_id, await _make_private(network, tx, demo_project_id, public_id)
        )

    return await network.kit.database.transact(write)


def _named(present: list[Network], name: str, project_id: str) -> str:
    found = (one.id for one in present if (one.name, one.project_id) == (name, project_id))
    return next(found, "")


async def _make_public(network: NetworkService, tx: Tx, project_id: str) -> str:
    """The gateway address is answered by the cloud itself; nobody asks by DHCP there."""
    who = service_caller("network", "")
    prefix = ipaddress.ip_network(network.settings.external_cidr)
    made = await create_network(
        network,
        tx,
        who,
        NetworkRequest(
            name=PUBLIC,
            project_id=project_id,
            router_external=True,
            is_default=True,
            provider_network_type="flat",
            provider_physical_network=network.physical_networks[0],
        ),
    )
    await create_subnet(
        network,
        tx,
        who,
        SubnetRequest(
            network_id=made.id,
            project_id=project_id,
            name=f"{PUBLIC}-subnet",
            ip_version=prefix.version,
            cidr=str(prefix),
            enable_dhcp=False,
        ),
    )
    await create_subnet_pool(
        network,
        tx,
        who,
        SubnetPoolRequest(
            name="default-subnetpool-v4",
            prefixes=(POOL_PREFIX,),
            default_prefixlen=24,
            shared=True,
            is_default=True,
            project_id=project_id,
        ),
    )
    return made.id


async def _make_private(network: NetworkService, tx: Tx, project_id: str, public_id: str) -> str:
    who = service_caller("network", "")
    made = await create_network(
        network, tx, who, NetworkRequest(name=PRIVATE, project_id=project_id)
    )
    subnet = await create_subnet(
        network,
        tx,
        who,
        SubnetRequest(
            network_id=made.id,
            project_id=project_id,
            name=f"{PRIVATE}-subnet",
            ip_version=4,
            cidr=PRIVATE_CIDR,
        ),
    )
    router = await create_router(
        network,
        tx,
        who,
        RouterRequest(
            name=ROUTER,
            project_id=project_id,
            external_gateway_info=GatewayRequest(network_id=public_id),
        ),
    )
    await add_router_interface(network, tx, who, router.id, InterfaceRequest(subnet_id=subnet.id))
    return made.id

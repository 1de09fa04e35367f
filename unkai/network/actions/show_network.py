"""A network with its subnets, for the services above, without asking who wants to know."""

from __future__ import annotations

from unkai.kit.db import Session
from unkai.kit.policy import service_caller
from unkai.network.fields import is_uuid
from unkai.network.model import Network, Subnet
from unkai.network.service import NetworkService
from unkai.network.store import networks, subnets
from unkai.network.store.listing import Listing


async def network_called(
    network: NetworkService, session: Session, name_or_id: str
) -> Network | None:
    """By id, else the oldest of this name."""
    if is_uuid(name_or_id):
        return await networks.get_network(session, name_or_id)
    who = service_caller("network", "")
    found = await networks.list_networks(session, Listing(filters={"name": [name_or_id]}), who)
    return min(found, key=lambda one: (one.created_at, one.id)) if found else None


async def subnets_of_network(
    network: NetworkService, session: Session, network_id: str
) -> list[Subnet]:
    return (await subnets.subnets_of(session, [network_id])).get(network_id, [])

"""A network, a subnet and a router to the outside, made for a project that has none.

Nova's `networks: "auto"` and the auto-allocated-topology API. The subnet comes from the default
subnet pool, the way out leads to the default external network.
"""

from __future__ import annotations

from unkai.kit.db import Session, Tx
from unkai.kit.errors import Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.network.actions.create_network import NetworkRequest, create_network
from unkai.network.actions.create_subnet import SubnetRequest, create_subnet
from unkai.network.actions.router_gateway import GatewayRequest
from unkai.network.actions.router_interfaces import InterfaceRequest, add_router_interface
from unkai.network.actions.routers import RouterRequest, create_router
from unkai.network.service import NetworkService
from unkai.network.store import networks, subnet_pools

NAME = "auto_allocated_network"


async def ensure_topology(network: NetworkService, tx: Tx, caller: Caller, project_id: str) -> str:
    """The id of the project's auto-allocated network; made with its router if it is not there."""
    found = await networks.network_named(tx, project_id, NAME)
    if found is not None:
        return found
    external = await check_requirements(tx)
    made = await create_network(
        network, tx, caller, NetworkRequest(name=NAME, project_id=project_id)
    )
    subnet = await create_subnet(
        network,
        tx,
        caller,
        SubnetRequest(
            network_id=made.id,
            name="auto_allocated_subnet_v4",
            ip_version=4,
            use_default_subnetpool=True,
            project_id=project_id,
        ),
    )
    router = await create_router(
        network,
        tx,
        caller,
        RouterRequest(
            name="auto_allocated_router",
            external_gateway_info=GatewayRequest(network_id=external),
            project_id=project_id,
        ),
    )
    await add_router_interface(
        network, tx, caller, router.id, InterfaceRequest(subnet_id=subnet.id)
    )
    return made.id


async def check_requirements(session: Session) -> str:
    """The default external network's id. Raises Conflict where the cloud was not prepared."""
    external = await networks.default_external_network(session)
    if external is None:
        raise Conflict(
            "Deployment error: No default router:external network.",
            code="auto-allocation-failure",
            remedy="An administrator sets one with `openstack network set --default`.",
        )
    if await subnet_pools.default_pool(session, 4) is None:
        raise Conflict(
            "Deployment error: No default subnetpools defined.",
            code="auto-allocation-failure",
            remedy="An administrator makes one with `openstack subnet pool create --default`.",
        )
    return external.id


async def auto_network_of(session: Session, project_id: str) -> str:
    found = await networks.network_named(session, project_id, NAME)
    if found is None:
        raise NotFound(
            f"The project {project_id} has no auto-allocated topology.",
            code="auto-allocated-topology-not-found",
        )
    return found

"""The Networking API v2.0."""

from __future__ import annotations

from unkai.kit.http import Api, dialects
from unkai.network.api import (
    auto_topology,
    extensions,
    facts,
    floating_ips,
    ip_availability,
    networks,
    ports,
    quotas,
    rbac_policies,
    routers,
    security_groups,
    subnet_pools,
    subnets,
    tags,
    versions,
)
from unkai.network.api.policies import POLICY
from unkai.network.service import NetworkService

ROUTES = (
    *versions.ROUTES,
    *networks.ROUTES,
    *subnets.ROUTES,
    *ports.ROUTES,
    *routers.ROUTES,
    *floating_ips.ROUTES,
    *security_groups.ROUTES,
    *subnet_pools.ROUTES,
    *rbac_policies.ROUTES,
    *tags.ROUTES,
    *quotas.ROUTES,
    *auto_topology.ROUTES,
    *ip_availability.ROUTES,
    *facts.ROUTES,
    *extensions.ROUTES,
)


def network_api(service: NetworkService) -> Api:
    return Api(
        name="network",
        prefix="/network",
        routes=ROUTES,
        service=service,
        policy=POLICY,
        dialect=dialects.neutron,
        max_body_bytes=4 << 20,
    )

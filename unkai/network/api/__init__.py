"""The Networking API v2.0."""

from __future__ import annotations

from unkai.kit.http import Api, dialects
from unkai.network.api import (
    floating_ips,
    networks,
    ports,
    routers,
    security_groups,
    subnets,
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

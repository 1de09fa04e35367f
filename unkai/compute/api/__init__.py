"""The Compute API v2.1: each noun's module has its ROUTES."""

from __future__ import annotations

from itertools import chain

from unkai.compute.api import (
    flavors,
    instance_actions,
    keypairs,
    limits,
    quotas,
    server_actions,
    server_interfaces,
    server_ips,
    server_metadata,
    server_rest,
    server_tags,
    servers,
)
from unkai.compute.api.policies import POLICIES
from unkai.compute.service import Compute
from unkai.kit.http import Api, Microversions, Route, dialects
from unkai.kit.policy import Policy

MICROVERSIONS = Microversions(
    "compute", (2, 1), (2, 96), legacy_header="X-OpenStack-Nova-API-Version"
)

NOUNS: tuple[tuple[Route, ...], ...] = (
    flavors.ROUTES,
    keypairs.ROUTES,
    quotas.ROUTES,
    limits.ROUTES,
    servers.ROUTES,
    server_actions.ROUTES,
    server_metadata.ROUTES,
    server_tags.ROUTES,
    server_ips.ROUTES,
    server_interfaces.ROUTES,
    server_rest.ROUTES,
    instance_actions.ROUTES,
)


def compute_api(compute: Compute) -> Api:
    return Api(
        "compute",
        "/compute/v2.1",
        tuple(chain.from_iterable(NOUNS)),
        compute,
        Policy(POLICIES),
        dialects.nova,
        MICROVERSIONS,
        max_body_bytes=1 << 20,
        request_id_header="x-compute-request-id",
    )


def compute_apis(compute: Compute) -> tuple[Api, ...]:
    """Every API of the service, with those that only say which versions there are."""
    return (compute_api(compute),)

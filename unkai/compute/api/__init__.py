"""The Compute API v2.1: each noun's module has its ROUTES."""

from __future__ import annotations

from itertools import chain

from unkai.compute.api import (
    aggregates,
    availability_zones,
    extensions,
    external_events,
    flavors,
    hosts,
    hypervisors,
    instance_actions,
    keypairs,
    limits,
    quotas,
    remote_consoles,
    server_actions,
    server_groups,
    server_interfaces,
    server_ips,
    server_metadata,
    server_rest,
    server_tags,
    servers,
    services,
    usages,
    volume_attachments,
    volume_proxies,
)
from unkai.compute.api.policies import POLICIES
from unkai.compute.api.versions import MICROVERSIONS, OLD_MICROVERSIONS, versions_api
from unkai.compute.service import Compute
from unkai.kit.http import Api, Microversions, Route, dialects
from unkai.kit.policy import Policy

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
    volume_attachments.ROUTES,
    volume_proxies.ROUTES,
    remote_consoles.ROUTES,
    instance_actions.ROUTES,
    external_events.ROUTES,
    availability_zones.ROUTES,
    services.ROUTES,
    hosts.ROUTES,
    hypervisors.ROUTES,
    aggregates.ROUTES,
    server_groups.ROUTES,
    usages.ROUTES,
    extensions.ROUTES,
)


def compute_api(compute: Compute) -> Api:
    return _api(compute, "compute", "/compute/v2.1", MICROVERSIONS)


def _api(compute: Compute, name: str, prefix: str, microversions: Microversions) -> Api:
    return Api(
        name,
        prefix,
        tuple(chain.from_iterable(NOUNS)),
        compute,
        Policy(POLICIES),
        dialects.nova,
        microversions,
        max_body_bytes=1 << 20,
        request_id_header="x-compute-request-id",
    )


def compute_apis(compute: Compute) -> tuple[Api, ...]:
    """Every API of the service: the API, its elder name, and the version documents."""
    old = _api(compute, "compute-v2.0", "/compute/v2", OLD_MICROVERSIONS)
    return (compute_api(compute), old, versions_api())

"""The Placement API 1.0 to 1.39: each noun's module has its ROUTES."""

from __future__ import annotations

from itertools import chain

from unkai.kit.http import Api, Route, dialects
from unkai.placement.api import (
    aggregates,
    allocation_candidates,
    allocations,
    inventories,
    reshaper,
    resource_classes,
    resource_providers,
    traits,
    usages,
    versions,
)
from unkai.placement.api.policies import POLICY
from unkai.placement.service import Placement

NOUNS: tuple[tuple[Route, ...], ...] = (
    versions.ROUTES,
    resource_providers.ROUTES,
    inventories.ROUTES,
    aggregates.ROUTES,
    traits.ROUTES,
    resource_classes.ROUTES,
    allocations.ROUTES,
    allocation_candidates.ROUTES,
    usages.ROUTES,
    reshaper.ROUTES,
)


def placement_api(placement: Placement) -> Api:
    return Api(
        "placement",
        "/placement",
        tuple(chain.from_iterable(NOUNS)),
        placement,
        POLICY,
        dialects.placement,
        versions.MICROVERSIONS,
        max_body_bytes=8 << 20,
    )


def placement_apis(placement: Placement) -> tuple[Api, ...]:
    """Every API of the service."""
    return (placement_api(placement),)

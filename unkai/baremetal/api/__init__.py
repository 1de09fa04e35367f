"""The Bare Metal API v1: each noun's module has its ROUTES."""

from __future__ import annotations

from itertools import chain

from unkai.baremetal.api import (
    allocations,
    chassis,
    conductors,
    deploy_templates,
    drivers,
    events,
    inspection_rules,
    node_below,
    node_facts,
    node_maintenance,
    node_management,
    node_patch,
    node_provision,
    node_states,
    node_traits,
    node_vifs,
    nodes,
    portgroups,
    ports,
    ramdisk,
    runbooks,
    versions,
    volumes,
)
from unkai.baremetal.api.policies import POLICIES
from unkai.baremetal.service import Baremetal
from unkai.kit.http import Api, Route, dialects
from unkai.kit.policy import Policy

NOUNS: tuple[tuple[Route, ...], ...] = (
    versions.ROUTES,
    nodes.ROUTES,
    node_patch.ROUTES,
    node_states.ROUTES,
    node_provision.ROUTES,
    node_management.ROUTES,
    node_maintenance.ROUTES,
    node_traits.ROUTES,
    node_vifs.ROUTES,
    node_facts.ROUTES,
    ports.ROUTES,
    portgroups.ROUTES,
    chassis.ROUTES,
    volumes.ROUTES,
    node_below.ROUTES,
    allocations.ROUTES,
    drivers.ROUTES,
    conductors.ROUTES,
    events.ROUTES,
    deploy_templates.ROUTES,
    runbooks.ROUTES,
    inspection_rules.ROUTES,
    ramdisk.ROUTES,
)


def baremetal_apis(baremetal: Baremetal) -> tuple[Api, ...]:
    """The API and the document of its versions."""
    api = Api(
        "baremetal",
        "/baremetal/v1",
        tuple(chain.from_iterable(NOUNS)),
        baremetal,
        Policy(POLICIES),
        dialects.ironic,
        versions.MICROVERSIONS,
        request_id_header="X-OpenStack-Request-Id",
        also_at="/baremetal",  # a path without a version, as bookmarks have it, is v1's
    )
    return (api, versions.versions_api())

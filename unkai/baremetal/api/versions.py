"""Version documents, for anybody: the service's root and what v1 offers at a microversion."""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Api, Call, Microversions, Route, dialects
from unkai.kit.policy import Policy

MICROVERSIONS = Microversions(
    "baremetal",
    (1, 1),
    (1, 115),
    legacy_header="X-OpenStack-Ironic-API-Version",
    bounds_headers=(
        "X-OpenStack-Ironic-API-Minimum-Version",
        "X-OpenStack-Ironic-API-Maximum-Version",
    ),
)

RESOURCES = {
    "chassis": "1.1",
    "drivers": "1.1",
    "nodes": "1.1",
    "ports": "1.1",
    "heartbeat": "1.22",
    "lookup": "1.22",
    "portgroups": "1.23",
    "volume": "1.32",
    "conductors": "1.49",
    "allocations": "1.52",
    "events": "1.54",
    "deploy_templates": "1.55",
    "shards": "1.82",
    "continue_inspection": "1.84",
    "runbooks": "1.92",
    "inspection_rules": "1.96",
}
"""What v1 has, and since which microversion."""


def _said(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _version(call: Call) -> dict[str, Any]:
    return {
        "id": "v1",
        "links": [{"href": f"{call.base_url}/baremetal/v1/", "rel": "self"}],
        "status": "CURRENT",
        "min_version": _said(MICROVERSIONS.lowest),
        "version": _said(MICROVERSIONS.highest),
    }


async def list_versions(call: Call) -> dict[str, Any]:
    return {
        "name": "OpenStack Ironic API",
        "description": "Physical machines, managed and deployed by Unkai.",
        "default_version": _version(call),
        "versions": [_version(call)],
    }


async def show_version(call: Call) -> dict[str, Any]:
    """What v1 offers at the asked microversion."""
    root = f"{call.base_url}/baremetal"
    shown: dict[str, Any] = {
        "id": "v1",
        "links": [{"href": f"{root}/v1/", "rel": "self"}],
        "media_types": {
            "base": "application/json",
            "type": "application/vnd.openstack.ironic.v1+json",
        },
        "version": _version(call),
    }
    for name, first in RESOURCES.items():
        if call.at_least(first):
            shown[name] = [
                {"href": f"{root}/v1/{name}/", "rel": "self"},
                {"href": f"{root}/{name}/", "rel": "bookmark"},
            ]
    return shown


def versions_api() -> Api:
    """The root; v1's own document is a route of the API, for it has microversions."""
    return Api(
        "baremetal-versions",
        "/baremetal",
        (Route("GET", "/", list_versions, policy=None),),
        None,
        Policy({}),
        dialects.ironic,
        MICROVERSIONS,
    )


ROUTES = (Route("GET", "/", show_version, policy=None),)

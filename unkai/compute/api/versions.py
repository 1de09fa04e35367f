"""Version documents, for anybody: of the service, and of v2.1 and its elder name v2.0."""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Api, Call, Microversions, Route, dialects
from unkai.kit.policy import Policy

LOWEST = "2.1"
HIGHEST = "2.96"
UPDATED = {"v2.0": "2011-01-21T11:33:21Z", "v2.1": "2013-07-23T11:33:21Z"}
PATHS = {"v2.0": "/compute/v2/", "v2.1": "/compute/v2.1/"}
MICROVERSIONS = Microversions(
    "compute", (2, 1), (2, 96), legacy_header="X-OpenStack-Nova-API-Version"
)
OLD_MICROVERSIONS = Microversions("compute-legacy", (2, 1), (2, 1))
"""v2.0 is v2.1 for clients that do not speak of microversions, nor are told of them."""


def _version(call: Call, name: str) -> dict[str, Any]:
    current = name == "v2.1"
    return {
        "id": name,
        "status": "CURRENT" if current else "SUPPORTED",
        "version": HIGHEST if current else "",
        "min_version": LOWEST if current else "",
        "updated": UPDATED[name],
        "links": [{"rel": "self", "href": f"{call.base_url}{PATHS[name]}"}],
    }


async def list_versions(call: Call) -> dict[str, Any]:
    return {"versions": [_version(call, name) for name in PATHS]}


async def show_version(call: Call) -> dict[str, Any]:
    name = "v2.1" if call.route.path == "/v2.1" else "v2.0"
    kind = f"application/vnd.openstack.compute+json;version={name[1:]}"
    shown = _version(call, name)
    shown["links"].append(
        {
            "rel": "describedby",
            "type": "text/html",
            "href": "https://docs.openstack.org/api-ref/compute/",
        }
    )
    shown["media-types"] = [{"base": "application/json", "type": kind}]
    return {"version": shown}


def versions_api() -> Api:
    return Api(
        "compute-versions",
        "/compute",
        (
            Route("GET", "/", list_versions, policy=None),
            Route("GET", "/v2", show_version, policy=None),
            Route("GET", "/v2.1", show_version, policy=None),
        ),
        None,
        Policy({}),
        dialects.nova,
        request_id_header="x-compute-request-id",
    )

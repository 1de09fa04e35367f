"""What the API says of itself, to anybody."""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Route

MEDIA_TYPE = {"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}


def _version(call: Call) -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{call.url}/v3/"}],
        "media-types": [MEDIA_TYPE],
    }


async def list_versions(call: Call) -> dict[str, Any]:
    return {"versions": {"values": [_version(call)]}}


async def show_version(call: Call) -> dict[str, Any]:
    return {"version": _version(call)}


ROUTES = (
    Route("GET", "", list_versions, policy=None, status=300, summary="Versions of this API"),
    Route("GET", "/v3", show_version, policy=None, summary="This version"),
)

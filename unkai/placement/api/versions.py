"""The version document, for anybody."""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Microversions, Route

MICROVERSIONS = Microversions("placement", (1, 0), (1, 39))


async def show_version(call: Call) -> dict[str, Any]:
    version = {
        "id": "v1.0",
        "min_version": "1.0",
        "max_version": "1.39",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": ""}],
    }
    return {"versions": [version]}


ROUTES = (Route("GET", "/", show_version, policy=None),)

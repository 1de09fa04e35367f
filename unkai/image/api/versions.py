"""Which versions of the Image API there are; no token needed."""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Route

CURRENT = 13


async def list_versions(call: Call) -> dict[str, Any]:
    link = {"rel": "self", "href": f"{call.url}/v2/"}
    return {
        "versions": [
            {
                "id": f"v2.{minor}",
                "status": "CURRENT" if minor == CURRENT else "SUPPORTED",
                "links": [link],
            }
            for minor in range(CURRENT, -1, -1)
        ]
    }


ROUTES = (
    Route("GET", "", list_versions, None, status=300),
    Route("GET", "/versions", list_versions, None),
)

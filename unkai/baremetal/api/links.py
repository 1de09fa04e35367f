"""Links, as every resource of this API has two of them."""

from __future__ import annotations

from unkai.kit.http import Call


def links(call: Call, *path: str) -> list[dict[str, str]]:
    """To itself, and the bookmark without a version."""
    below = "/".join(path)
    root = call.url.removesuffix("/v1")
    return [
        {"href": f"{root}/v1/{below}", "rel": "self"},
        {"href": f"{root}/{below}", "rel": "bookmark"},
    ]

"""Lists over HTTP: which filters, which fields, which page, and the links to the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from unkai.kit.errors import BadRequest
from unkai.kit.http import Call
from unkai.network.store.listing import Listing, Shelf

_RESERVED = ("fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir")
MAX_LIMIT = 100_000


def read_listing(call: Call, shelf: Shelf, derived: Iterable[str] = ()) -> Listing:
    """The query string as a question. `derived`: attributes shown but not filtered on.

    Raises BadRequest for an attribute that lists cannot be asked by.
    """
    filters: dict[str, list[str]] = {}
    for name, value in call.request.query_params.multi_items():
        if name in _RESERVED:
            continue
        if not shelf.knows(name):
            if name in derived:
                continue
            raise BadRequest(f"['{name}'] is invalid attribute for filtering")
        if "\x00" in value:
            raise BadRequest(f"Invalid input for {name}.")
        filters.setdefault(name, []).append(value)
    query = call.request.query_params
    reverse = query.get("page_reverse", "").lower() == "true"
    return Listing(filters, _sort(call, shelf), _limit(call), query.get("marker"), reverse)


def _limit(call: Call) -> int | None:
    text = call.request.query_params.get("limit")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(
            f"Limit must be an integer 0 or greater and not '{text}'",
        )
    return min(int(text), MAX_LIMIT) or None


def _sort(call: Call, shelf: Shelf) -> list[tuple[str, bool]]:
    keys = call.request.query_params.getlist("sort_key")
    directions = call.request.query_params.getlist("sort_dir")
    if len(directions) not in (0, len(keys)):
        raise BadRequest("The number of sort_keys and sort_dirs must be same")
    pairs: list[tuple[str, bool]] = []
    for at, key in enumerate(keys):
        if not shelf.sorts(key):
            raise BadRequest(f"['{key}'] is invalid attribute for sort_keys")
        direction = directions[at] if directions else "asc"
        if direction not in ("asc", "desc"):
            raise BadRequest("Value for sort_dir is not in ['asc', 'desc']")
        pairs.append((key, direction == "desc"))
    return pairs


def answer(
    call: Call, collection: str, views: Sequence[dict[str, Any]], listing: Listing
) -> dict[str, Any]:
    """{"networks": [...]}, only the fields asked for, with links where a page was asked for."""
    body: dict[str, Any] = {collection: only_fields(call, views)}
    if listing.limit is None or not views:
        return body
    links: list[dict[str, str]] = []
    if len(views) >= listing.limit or listing.reverse:
        links.append(_link(call, collection, "next", views[-1]["id"]))
    if listing.marker is not None:
        links.append(_link(call, collection, "previous", views[0]["id"]))
    if links:
        body[f"{collection}_links"] = links
    return body


def _link(call: Call, collection: str, rel: str, marker: str) -> dict[str, str]:
    pairs = [
        (name, value)
        for name, value in call.request.query_params.multi_items()
        if name not in ("marker", "page_reverse")
    ]
    pairs.append(("marker", marker))
    if rel == "previous":
        pairs.append(("page_reverse", "True"))
    url = f"{call.base_url}{call.request.url.path}"
    return {"rel": rel, "href": f"{url}?{urlencode(pairs)}"}


def only_fields(call: Call, views: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    fields = call.request.query_params.getlist("fields")
    if not fields:
        return list(views)
    return [{name: view[name] for name in fields if name in view} for view in views]

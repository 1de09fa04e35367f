"""Pages of lists, and query strings, as Nova reads them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from unkai.kit.errors import BadRequest
from unkai.kit.http import Call

LIMIT_MAX = 1000


def number(call: Call, name: str) -> int | None:
    """A parameter that is a whole number of zero or more; None if it is absent."""
    text = call.request.query_params.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadRequest(
            f"Invalid input for query parameters {name}. Value: {text}. It must be a whole number"
            " of zero or more.",
            code="invalid-query",
        )
    return int(text)


def page_limit(call: Call) -> int:
    """How many items a page has; zero and none mean as many as there may be."""
    return min(number(call, "limit") or LIMIT_MAX, LIMIT_MAX)


def check_known(call: Call, known: Collection[str], *, since: str = "2.75") -> None:
    """BadRequest for an unknown parameter, where the version is strict about them."""
    if not call.at_least(since):
        return
    for name in call.request.query_params:
        if name not in known:
            raise BadRequest(
                f"Invalid input for query parameters: Additional properties are not allowed"
                f" ('{name}' was unexpected).",
                code="invalid-query",
            )


def next_links(call: Call, path: str, count: int, limit: int, last: str) -> list[dict[str, Any]]:
    """The link to the next page where this one is full."""
    if count < limit or "limit" not in call.request.query_params:
        return []
    given = [(k, v) for k, v in call.request.query_params.multi_items() if k != "marker"]
    query = urlencode([*given, ("marker", last)])
    return [{"rel": "next", "href": f"{call.url}{path}?{query}"}]

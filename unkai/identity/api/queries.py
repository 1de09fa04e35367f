"""What a list is asked for, read from a query string the way Keystone reads it.

`enabled` is false for 0, false, no, off and n, and true for everything else, also for nothing at
all; `name__contains=x` and its kin look inside a text; unknown names are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.identity.store.rows import OPERATORS, Page
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call

FALSE = frozenset({"0", "false", "no", "off", "n", "f"})
LIMIT_MAX = 10_000
LONGEST = 1024
"""Characters of a filter; databases refuse patterns of any length."""


def flag(text: str) -> bool:
    return text.strip().lower() not in FALSE


def wants(call: Call, name: str) -> bool:
    """Whether a switch like ?nocatalog or ?effective is on: bare, or anything but false."""
    text = call.request.query_params.get(name)
    return text is not None and flag(text)


def value_of(call: Call, name: str) -> str | None:
    text = call.request.query_params.get(name)
    if text is not None and ("\0" in text or len(text) > LONGEST):
        raise BadRequest(f"The query parameter {name} is too long.", code="invalid-query")
    return text


def number_of(call: Call, name: str) -> int | None:
    text = value_of(call, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise BadRequest(f"The query parameter {name} is not a number: {text}.")
    return int(text)


def read_page(call: Call, texts: Sequence[str] = (), flags: Sequence[str] = ()) -> Page:
    """Filters on the columns named by `texts` and `flags`, marker and limit."""
    equal: dict[str, Any] = {}
    like: list[tuple[str, str, str]] = []
    for name in texts:
        text = value_of(call, name)
        if text is not None:
            equal[name] = text
        for operator in (*OPERATORS, *(f"i{one}" for one in OPERATORS)):
            part = value_of(call, f"{name}__{operator}")
            if part is not None:
                like.append((name, operator, part))
    for name in flags:
        text = value_of(call, name)
        if text is not None:
            equal[name] = flag(text)
    limit = number_of(call, "limit")
    bound = None if limit is None else max(1, min(limit, LIMIT_MAX))
    return Page(equal=equal, like=like, marker=value_of(call, "marker"), limit=bound)

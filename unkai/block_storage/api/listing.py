"""Query strings of lists, and the links to the next page, as Cinder has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode

from unkai.block_storage.model import Filter, ListQuery
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call

LIMIT_MAX = 1000
PAIRS_MAX = 4096
TIMES = frozenset({"created_at", "updated_at"})
SAME = {"date": "created_at", "display_name": "name"}
"""Older names of sort keys."""
COMPARISONS = frozenset({"eq", "neq", "gt", "gte", "lt", "lte"})


@dataclass(frozen=True)
class Listed:
    """What a list may be filtered and sorted by. fields: parameter to column.

    pairs: parameters that hold pairs of metadata, with where those are. admin: parameters that only
    count for who sees every project.
    """

    sorts: frozenset[str]
    fields: Mapping[str, str]
    pairs: Mapping[str, str]
    booleans: frozenset[str] = frozenset()
    admin: frozenset[str] = frozenset()
    since: Mapping[str, str] | None = None


def whole_number(call: Call, name: str) -> int | None:
    """A parameter of zero or more; None if it is absent."""
    text = call.request.query_params.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadRequest(f"{name} param must be an integer of zero or more, not {text!r}.")
    return int(text)


def asked(call: Call, listed: Listed) -> ListQuery:
    """The page that is asked for. BadRequest for a sort key or value that makes no sense."""
    params = call.request.query_params
    limit = whole_number(call, "limit")
    return ListQuery(
        project_id=_project(call),
        filters=(*_filters(call, listed), *_times(call)),
        sort=_sort(call, listed),
        marker=params.get("marker") or None,
        limit=LIMIT_MAX if limit is None else min(limit, LIMIT_MAX),
        offset=min(whole_number(call, "offset") or 0, 2**31),
    )


def _project(call: Call) -> str | None:
    params = call.request.query_params
    if call.caller.reads_all and truth(params.get("all_tenants", "0")):
        return params.get("project_id") or params.get("tenant_id") or None
    return call.caller.project_id or ""


def truth(text: str) -> bool:
    said = text.strip().lower()
    if said in ("1", "true", "yes", "on", "t", "y"):
        return True
    if said in ("0", "false", "no", "off", "f", "n", ""):
        return False
    raise BadRequest(f"{text!r} is neither true nor false.")


def _filters(call: Call, listed: Listed) -> list[Filter]:
    found: list[Filter] = []
    for name, text in call.request.query_params.multi_items():
        field, how = (name[:-1], "like") if name.endswith("~") else (name, "eq")
        if how == "like" and not call.at_least("3.34"):
            continue
        if field in listed.admin and not call.caller.reads_all:
            continue
        if listed.since and not call.at_least(listed.since.get(field, "3.0")):
            continue
        if field in listed.pairs:
            kind = listed.pairs[field]
            found += [Filter(key, value, kind) for key, value in pairs(text).items()]
        elif field in listed.booleans:
            found.append(Filter(listed.fields[field], truth(text)))
        elif field in listed.fields:
            found.append(Filter(listed.fields[field], text, how))
    return found


def pairs(text: str) -> dict[str, str]:
    """Pairs of metadata, written as JSON or as Python writes a dict."""
    try:
        said: Any = ast.literal_eval(text) if len(text) <= PAIRS_MAX else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        said = None
    if not isinstance(said, dict):
        raise BadRequest(f"{text[:80]!r} is no object of names and values.", code="invalid-query")
    return {str(key): str(value) for key, value in cast("dict[Any, Any]", said).items()}


def _times(call: Call) -> list[Filter]:
    if not call.at_least("3.60"):
        return []
    found: list[Filter] = []
    for field in sorted(TIMES):
        for words in filter(None, call.request.query_params.get(field, "").split(",")):
            how, _, text = (
                words.partition(":") if words.split(":")[0] in COMPARISONS else ("eq", "", words)
            )
            try:
                at = datetime.fromisoformat(text)
            except ValueError as error:
                raise BadRequest(f"{text!r} is not a time of ISO 8601.") from error
            found.append(Filter(field, at.replace(tzinfo=at.tzinfo or UTC).timestamp(), how))
    return found


def _sort(call: Call, listed: Listed) -> tuple[tuple[str, str], ...]:
    params = call.request.query_params
    if "sort" in params:
        words = [one.strip().partition(":") for one in params["sort"].split(",")]
        given = [(key, direction or "desc") for key, _, direction in words]
    else:
        key = params.get("sort_key", "created_at")
        given = [(key, params.get("sort_dir", "desc"))]
    for key, direction in given:
        if key not in listed.sorts:
            raise BadRequest(f"Invalid sort key {key!r}.", code="invalid-sort")
        if direction not in ("asc", "desc"):
            raise BadRequest(f"Invalid sort direction {direction!r}.", code="invalid-sort")
    seen: dict[str, str] = {}
    for key, direction in given:
        seen.setdefault(SAME.get(key, key), direction)
    return tuple(seen.items())


def links(call: Call, path: str) -> list[dict[str, str]]:
    """Self and bookmark of a thing."""
    return [
        {"rel": "self", "href": f"{root(call)}{path}"},
        {"rel": "bookmark", "href": f"{root(call).replace('/v3', '')}{path}"},
    ]


def root(call: Call) -> str:
    """Where the client reached the API: with its project, if the URL had one."""
    project_id = call.params.get("own_project_id")
    return f"{call.base_url}/volume/v3" + (f"/{project_id}" if project_id else "")


def page(
    call: Call, name: str, path: str, shown: Sequence[Any], *, last: str, query: ListQuery
) -> dict[str, Any]:
    """The list with the link to the next page where this one is full."""
    answer: dict[str, Any] = {name: shown}
    full = bool(shown) and len(shown) >= query.limit
    if full and (query.limit == LIMIT_MAX or "limit" in call.request.query_params):
        given = [(k, v) for k, v in call.request.query_params.multi_items() if k != "marker"]
        href = f"{root(call)}{path}?{urlencode([*given, ('marker', last)])}"
        answer[f"{name}_links"] = [{"rel": "next", "href": href}]
    return answer


def wants_count(call: Call) -> bool:
    return call.at_least("3.45") and truth(call.request.query_params.get("with_count", "0"))

"""The query string of a list of images."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from unkai.image.model import Comparison, ImageQuery, MemberStatus, Visibility
from unkai.kit.errors import BadRequest

LIMIT: Final = 25
LIMIT_MAX: Final = 1000
SORT_KEYS: Final = frozenset(
    {
        "name",
        "status",
        "container_format",
        "disk_format",
        "size",
        "id",
        "created_at",
        "updated_at",
        "min_disk",
        "min_ram",
        "visibility",
        "owner",
    }
)
TIME_OPERATORS: Final = frozenset({"eq", "neq", "gt", "gte", "lt", "lte"})
STATUSES: Final = frozenset(
    {
        "queued",
        "saving",
        "uploading",
        "importing",
        "active",
        "deactivated",
        "killed",
        "deleted",
        "pending_delete",
    }
)
NUMBER_MAX: Final = 2**63 - 1


def image_query(items: list[tuple[str, str]]) -> ImageQuery:
    """`items` are the query string's pairs in their order; BadRequest says which is wrong."""
    given = dict(items)
    comparisons: list[Comparison] = []
    properties: dict[str, str] = {}
    for name, value in items:
        if name in READERS:
            comparisons.append(READERS[name](name, value))
        elif name not in SPECIAL:
            properties[name] = value
    member_status = given.get("member_status", "accepted")
    if member_status not in (*MemberStatus, "all"):
        raise BadRequest(f"Invalid member status: {member_status[:40]}.", code="invalid-query")
    visibility = given.get("visibility")
    if visibility is not None and visibility not in (*Visibility, "all"):
        raise BadRequest(f"Invalid visibility value: {visibility[:40]}.", code="invalid-query")
    return ImageQuery(
        comparisons=tuple(comparisons),
        properties=properties,
        tags=tuple(value for name, value in items if name == "tag"),
        visibility=visibility,
        member_status=member_status,
        os_hidden=_boolean("os_hidden", given.get("os_hidden", "false")),
        sort=_sort(items),
        marker=given.get("marker"),
        limit=_limit(given.get("limit")),
    )


def _limit(value: str | None) -> int:
    return LIMIT if value is None else min(_number("limit", value), LIMIT_MAX)


def _sort(items: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    keys = [value for name, value in items if name == "sort_key"]
    directions = [value for name, value in items if name == "sort_dir"]
    pairs: list[tuple[str, str]] = []
    for name, value in items:
        if name == "sort":
            for part in value.split(","):
                key, _, direction = part.strip().partition(":")
                pairs.append((key, direction or "desc"))
    if pairs and (keys or directions):
        raise BadRequest("Old and new sorting syntax cannot be combined.", code="invalid-query")
    if not pairs:
        if directions and len(directions) not in (1, len(keys or ("created_at",))):
            raise BadRequest("Give one sort_dir, or one for each sort_key.", code="invalid-query")
        keys = keys or ["created_at"]
        directions = directions or ["desc"]
        spread = directions if len(directions) == len(keys) else directions * len(keys)
        pairs = list(zip(keys, spread, strict=True))
    for key, direction in pairs:
        if key not in SORT_KEYS:
            raise BadRequest(f"Invalid sort key: {key[:40]}.", code="invalid-query")
        if direction not in ("asc", "desc"):
            raise BadRequest(f"Invalid sort direction: {direction[:40]}.", code="invalid-query")
    if len({key for key, _ in pairs}) != len(pairs):
        raise BadRequest("A sort key is given twice.", code="invalid-query")
    return tuple(pairs)


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value[:20]) <= NUMBER_MAX):
        raise BadRequest(
            f"{name} must be a whole number, not {value[:40]!r}.", code="invalid-query"
        )
    return int(value)


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise BadRequest(f"{name} must be true or false, not {value[:40]!r}.", code="invalid-query")
    return value.lower() == "true"


def _text(name: str, value: str) -> Comparison:
    return Comparison(name, "eq", value)


def _text_or_list(name: str, value: str) -> Comparison:
    listed = _list(name, value)
    return Comparison(name, "eq", value) if listed is None else Comparison(name, "in", listed)


def _list(name: str, value: str) -> tuple[str, ...] | None:
    """The members of `in:a,"b,c"`; None if the value is no list."""
    operator, _, rest = value.partition(":")
    if operator != "in":
        return None
    try:
        (row,) = csv.reader([rest], strict=True) if rest else [[]]
    except (csv.Error, ValueError) as error:
        raise BadRequest(f"{name} has a list with odd quotes.", code="invalid-query") from error
    return tuple(row)


def _status(name: str, value: str) -> Comparison:
    listed = _list(name, value)
    for status in (value,) if listed is None else listed:
        if status not in STATUSES:
            raise BadRequest(f"Invalid status: {status[:40]}.", code="invalid-query")
    return _text_or_list(name, value)


def _whole(name: str, value: str) -> Comparison:
    return Comparison(name, "eq", _number(name, value))


def _bound(name: str, value: str) -> Comparison:
    column, _, side = name.partition("_")
    return Comparison(column, "gte" if side == "min" else "lte", _number(name, value))


def _flag(name: str, value: str) -> Comparison:
    return Comparison(name, "eq", _boolean(name, value))


def _time(name: str, value: str) -> Comparison:
    operator, colon, rest = value.partition(":")
    if not colon or operator not in TIME_OPERATORS:
        operator, rest = "eq", value
    try:
        moment = datetime.fromisoformat(rest)
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise BadRequest(
            f"{name} must be an ISO 8601 time, not {rest[:40]!r}.", code="invalid-query"
        ) from error
    return Comparison(name, operator, seconds)


READERS: Final[dict[str, Callable[[str, str], Comparison]]] = {
    "id": _text_or_list,
    "name": _text_or_list,
    "disk_format": _text_or_list,
    "container_format": _text_or_list,
    "status": _status,
    "owner": _text,
    "checksum": _text,
    "os_hash_value": _text,
    "size": _whole,
    "min_disk": _whole,
    "min_ram": _whole,
    "size_min": _bound,
    "size_max": _bound,
    "protected": _flag,
    "created_at": _time,
    "updated_at": _time,
}
SPECIAL: Final = frozenset(
    {
        "visibility",
        "member_status",
        "os_hidden",
        "tag",
        "sort",
        "sort_key",
        "sort_dir",
        "marker",
        "limit",
        "os_hash_algo",
    }
)


def links(items: list[tuple[str, str]], last_id: str | None) -> dict[str, Any]:
    """`first`, and `next` behind an image."""
    kept = [(name, value) for name, value in items if name != "marker"]
    query = urlencode(kept)
    found = {"first": f"/v2/images?{query}" if query else "/v2/images"}
    if last_id is not None:
        found["next"] = f"/v2/images?{urlencode([*kept, ('marker', last_id)])}"
    return found

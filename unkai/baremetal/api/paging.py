"""limit, marker, sort_key, sort_dir, fields: the same on every list of this API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from unkai.baremetal.actions.find_node import is_uuid
from unkai.baremetal.store.rows import Rows
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call

T = TypeVar("T", bound=msgspec.Struct)
MAX = 1000


class Page(msgspec.Struct, frozen=True):
    limit: int
    marker: str | None
    sort_key: str
    descending: bool


def page_of(call: Call, sortable: Sequence[str]) -> Page:
    """What the query asks for; BadRequest for a wrong value."""
    given = call.request.query_params
    limit = given.get("limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and int(limit)):
        raise BadRequest(f"Limit must be a positive number, not {limit!r}.")
    marker = given.get("marker")
    if marker is not None and not is_uuid(marker):
        raise BadRequest(f"Expected a UUID as marker but received {marker}.")
    key = given.get("sort_key", "created_at")
    if key != "id" and key not in sortable:
        raise BadRequest(f"The sort_key value {key} is an invalid field for sorting.")
    direction = given.get("sort_dir", "asc")
    if direction not in ("asc", "desc"):
        raise BadRequest(
            f"Invalid sort direction: {direction}. Acceptable values are 'asc' or 'desc'"
        )
    number = min(int(limit), MAX) if limit else MAX
    return Page(number, marker, "created_at" if key == "id" else key, direction == "desc")


async def listed(rows: Rows[T], session: Session, page: Page, *wheres: Any) -> Sequence[T]:
    """A page of a table; NotFound for an unknown marker."""
    marker = await marked(rows, session, page)
    return await rows.list(
        session,
        *wheres,
        sort=page.sort_key,
        descending=page.descending,
        marker=marker,
        limit=page.limit,
    )


async def marked(rows: Rows[T], session: Session, page: Page) -> T | None:
    """What the page comes after; NotFound if there is no such thing."""
    if page.marker is None:
        return None
    found = await rows.get(session, page.marker)
    if found is None:
        raise NotFound(f"Marker {page.marker} could not be found.", code="marker-unknown")
    return found


def collection(
    call: Call,
    name: str,
    shown: list[dict[str, Any]],
    page: Page,
    path: str | None = None,
    *,
    last: str | None = None,
) -> dict[str, Any]:
    """The list, with `next` where the page is full. last: its last uuid, if that is not shown."""
    made: dict[str, Any] = {name: shown}
    if shown and len(shown) == page.limit:
        query = [(k, v) for k, v in call.request.query_params.multi_items() if k != "marker"]
        query = [("limit", str(page.limit)), *((k, v) for k, v in query if k != "limit")]
        query.append(("marker", last or shown[-1]["uuid"]))
        made["next"] = f"{call.url}/{path or name}?{urlencode(query)}"
    return made

"""Lists as the Networking API asks for them: filters on any attribute, sorting, pages by marker.

Everything is one statement; a page is found by the sort keys of its marker, so that the last page
costs as much as the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    Integer,
    Table,
    Text,
    and_,
    false,
    func,
    or_,
    select,
    true,
    type_coerce,
)

from unkai.kit.db import AnyRow, Session
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller

Special = Callable[[Sequence[str]], ColumnElement[bool]]
T = TypeVar("T")
IN_LIMIT = 10_000
"""Values of one IN list; both databases take about three times as many."""
BIGGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """One question. `filters`: attribute to accepted values; `sort`: (attribute, descending)."""

    filters: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    sort: Sequence[tuple[str, bool]] = ()
    limit: int | None = None
    marker: str | None = None
    reverse: bool = False


EVERYTHING = Listing()


@dataclass(frozen=True)
class Shelf:
    """A table as lists see it: API attribute to column, and filters that are no plain column."""

    table: Table
    columns: Mapping[str, Column[Any]]
    specials: Mapping[str, Special] = field(default_factory=dict[str, Special])

    def knows(self, attribute: str) -> bool:
        return attribute in self.columns or attribute in self.specials

    def sorts(self, attribute: str) -> bool:
        return attribute in self.columns


def shelf(
    table: Table,
    names: Mapping[str, str] | None = None,
    specials: Mapping[str, Special] | None = None,
    hidden: Iterable[str] = (),
) -> Shelf:
    """Every plain column by its own name, or by the API's where `names` has (column, attribute)."""
    renamed = names or {}
    plain = {
        renamed.get(column.name, column.name): column
        for column in table.columns
        if not _is_json(column) and column.name not in hidden
    }
    if "project_id" in table.c:
        plain["tenant_id"] = table.c.project_id
    extra = dict(specials or {})
    if "tags" in table.c:
        extra |= _tag_filters(table.c.tags)
    if "updated_at" in table.c:
        extra["changed_since"] = _changed_since(table.c.updated_at)
    return Shelf(table, plain, extra)


def _is_json(column: Column[Any]) -> bool:
    return type(column.type).__name__ == "Json"


def owned_or_all(shelf: Shelf, caller: Caller) -> ColumnElement[bool] | None:
    """What a caller sees where nothing is shared: its project's, or everything."""
    if caller.reads_all:
        return None
    return shelf.table.c.project_id == (caller.project_id or "")


async def select_rows(
    session: Session, shelf: Shelf, listing: Listing, visible: ColumnElement[bool] | None
) -> Sequence[AnyRow]:
    """The rows of one page. Raises BadRequest for a value or sort key that makes no sense."""
    statement = select(shelf.table)
    if visible is not None:
        statement = statement.where(visible)
    for attribute, values in listing.filters.items():
        statement = statement.where(_condition(shelf, attribute, values))
    keys = [(shelf.columns[name], down != listing.reverse) for name, down in listing.sort]
    keys.append((shelf.table.c.id, listing.reverse))
    if listing.marker is not None:
        statement = statement.where(await _after(session, shelf, keys, listing.marker))
    for column, down in keys:
        key = _comparable(column)
        statement = statement.order_by(key.desc() if down else key)
    if listing.limit is not None:
        statement = statement.limit(listing.limit)
    rows = await session.all(statement)
    return list(reversed(rows)) if listing.reverse else rows


async def _after(
    session: Session, shelf: Shelf, keys: Sequence[tuple[Column[Any], bool]], marker: str
) -> ColumnElement[bool]:
    columns = [_comparable(column).label(f"k{at}") for at, (column, _) in enumerate(keys)]
    found = await session.first(select(*columns).where(shelf.table.c.id == marker))
    if found is None:
        raise NotFound(f"The marker {marker} could not be found.")
    ways: list[ColumnElement[bool]] = []
    for at, (column, down) in enumerate(keys):
        same = [_comparable(keys[i][0]) == found[i] for i in range(at)]
        key = _comparable(column)
        ways.append(and_(*same, key < found[at] if down else key > found[at]))
    return or_(*ways)


def _comparable(column: Column[Any]) -> ColumnElement[Any]:
    """Absent values first, on both databases."""
    if not column.nullable:
        return column
    return func.coalesce(column, 0 if isinstance(column.type, (Integer, Float, Boolean)) else "")


def _condition(shelf: Shelf, attribute: str, values: Sequence[str]) -> ColumnElement[bool]:
    if attribute in shelf.specials:
        return shelf.specials[attribute](values)
    column = shelf.columns[attribute]
    if isinstance(column.type, Boolean):
        return column.in_([_boolean(attribute, value) for value in values])
    if isinstance(column.type, Integer):
        return column.in_([n for v in values if abs(n := _integer(attribute, v)) <= BIGGEST])
    if isinstance(column.type, Float):
        raise BadRequest(f"['{attribute}'] is invalid attribute for filtering")
    found = column.in_(values)
    return or_(found, column.is_(None)) if column.nullable and "" in values else found


def _boolean(attribute: str, value: str) -> bool:
    if value.lower() in ("true", "1", "yes", "on", "t", "y"):
        return True
    if value.lower() in ("false", "0", "no", "off", "f", "n"):
        return False
    raise BadRequest(f"Invalid input for {attribute}. Reason: '{value}' is not a valid boolean.")


def _integer(attribute: str, value: str) -> int:
    text = value.removeprefix("-")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadRequest(f"Invalid input for {attribute}. Reason: '{value}' is not an integer.")
    return int(value)


# --- tags: a JSON list of texts in one column


def _has_tag(column: Column[Any], tag: str) -> ColumnElement[bool]:
    """The encoded tag stands right after a bracket or comma; inside a text its quote is escaped.

    By replacing and comparing, since LIKE ignores case on SQLite.
    """
    escaped = _json_text(tag)
    text = type_coerce(column, Text)
    return or_(
        func.replace(text, f"[{escaped}", "") != text, func.replace(text, f",{escaped}", "") != text
    )


def _json_text(tag: str) -> str:
    return msgspec.json.encode(tag).decode()


def _split(values: Sequence[str]) -> list[str]:
    return [tag for value in values for tag in value.split(",") if tag]


def _tag_filters(column: Column[Any]) -> dict[str, Special]:
    def every(values: Sequence[str]) -> ColumnElement[bool]:
        return and_(true(), *(_has_tag(column, tag) for tag in _split(values)))

    def some(values: Sequence[str]) -> ColumnElement[bool]:
        return or_(false(), *(_has_tag(column, tag) for tag in _split(values)))

    return {
        "tags": every,
        "tags-any": some,
        "not-tags": lambda values: ~every(values),
        "not-tags-any": lambda values: ~some(values),
    }


def _changed_since(column: Column[Any]) -> Special:
    def since(values: Sequence[str]) -> ColumnElement[bool]:
        try:
            moment = datetime.fromisoformat(values[0]).replace(tzinfo=UTC)
        except ValueError as error:
            raise BadRequest(
                f"Invalid input for changed_since. Reason: '{values[0]}' is not a time."
            ) from error
        return column >= moment.timestamp()

    return since


def in_parts(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Cut what goes into an IN list into pieces that both databases take."""
    rest = list(dict.fromkeys(values))
    for start in range(0, len(rest), IN_LIMIT):
        yield rest[start : start + IN_LIMIT]

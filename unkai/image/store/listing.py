"""The list of images: who sees what, conditions, order, pages; one statement."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.sql.elements import KeyedColumnElement

from unkai.image.model import Comparison, Image, ImageQuery, MemberStatus, Visibility
from unkai.image.store.images import load
from unkai.image.store.schema import image_members, image_properties, image_tags, images
from unkai.kit.db import Session

Condition = ColumnElement[bool]
OPERATORS: dict[str, Callable[[Any, Any], Condition]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda column, values: column.in_(values),
}
EMPTY: dict[str, Any] = {"name": "", "disk_format": "", "container_format": "", "size": -1}
"""What a missing value sorts as."""


async def list_images(
    session: Session, query: ImageQuery, project_id: str | None, *, sees_all: bool
) -> list[Image]:
    """One page. The marker's image must exist; the action has made sure of it."""
    statement = select(images).where(_seen(query, project_id, sees_all=sees_all))
    statement = statement.where(images.c.os_hidden.is_(query.os_hidden))
    for comparison in query.comparisons:
        statement = statement.where(_condition(comparison))
    for name, value in query.properties.items():
        statement = statement.where(
            select(image_properties.c.image_id)
            .where(
                image_properties.c.image_id == images.c.id,
                image_properties.c.name == name,
                image_properties.c.value == value,
            )
            .exists()
        )
    for tag in query.tags:
        statement = statement.where(
            select(image_tags.c.image_id)
            .where(image_tags.c.image_id == images.c.id, image_tags.c.tag == tag)
            .exists()
        )
    order = _order(query)
    if query.marker is not None:
        statement = statement.where(await _beyond(session, query.marker, order))
    keys = [_key(name).desc() if down else _key(name).asc() for name, down in order]
    return await load(session, await session.all(statement.order_by(*keys).limit(query.limit)))


def _seen(query: ImageQuery, project_id: str | None, *, sees_all: bool) -> Condition:
    kind = images.c.visibility
    own: Condition = images.c.owner == project_id if project_id else false()
    shared = and_(kind == Visibility.SHARED, _shared_with(project_id, query.member_status))
    if query.visibility is None:
        if sees_all:
            return true()
        return or_(kind == Visibility.PUBLIC, own, shared)
    if query.visibility == "all":
        seen = or_(kind.in_((Visibility.PUBLIC, Visibility.COMMUNITY)), own, shared)
        return true() if sees_all else seen
    wanted = kind == query.visibility
    if sees_all or query.visibility in (Visibility.PUBLIC, Visibility.COMMUNITY):
        return wanted
    return and_(wanted, or_(own, shared))


def _shared_with(project_id: str | None, member_status: str) -> Condition:
    if project_id is None:
        return false()
    member = select(image_members.c.image_id).where(
        image_members.c.image_id == images.c.id, image_members.c.member_id == project_id
    )
    if member_status != "all":
        member = member.where(image_members.c.status == MemberStatus(member_status))
    return member.exists()


def _condition(comparison: Comparison) -> Condition:
    column = images.c[comparison.field]
    if comparison.field in ("created_at", "updated_at"):
        return _at(column, comparison.operator, comparison.value)
    return OPERATORS[comparison.operator](column, comparison.value)


def _at(column: Any, operator_name: str, second: Any) -> Condition:
    """Times are kept finer than they are shown: a second is all of it."""
    if operator_name == "eq":
        return and_(column >= second, column < second + 1)
    if operator_name == "neq":
        return or_(column < second, column >= second + 1)
    if operator_name in ("gt", "lte"):
        second = second + 1
        operator_name = {"gt": "gte", "lte": "lt"}[operator_name]
    return OPERATORS[operator_name](column, second)


def _order(query: ImageQuery) -> list[tuple[str, bool]]:
    """Columns with whether they go down; what is missing for a total order is added."""
    order = [(name, direction == "desc") for name, direction in query.sort]
    down = order[-1][1] if order else True
    named = {name for name, _ in order}
    return order + [(name, down) for name in ("created_at", "id") if name not in named]


def _key(name: str) -> KeyedColumnElement[Any] | ColumnElement[Any]:
    column = images.c[name]
    return func.coalesce(column, EMPTY[name]) if name in EMPTY else column


async def _beyond(session: Session, marker: str, order: list[tuple[str, bool]]) -> Condition:
    """Whether a row comes after the marker's in this order."""
    row = await session.first(select(images).where(images.c.id == marker))
    assert row is not None, "the action looked"
    choices: list[Condition] = []
    equal: list[Condition] = []
    for name, down in order:
        value = getattr(row, name)
        value = EMPTY[name] if value is None else value
        key = _key(name)
        choices.append(and_(*equal, key < value if down else key > value))
        equal.append(key == value)
    return or_(*choices)

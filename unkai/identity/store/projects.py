"""Rows of projects and domains, their tags and their tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, insert, select, update

from unkai.identity.model import Project
from unkai.identity.store import rows
from unkai.identity.store.schema import project_tags, projects, users
from unkai.kit.db import Session, Tx


@dataclass(frozen=True, slots=True)
class TagFilter:
    """all_of, any_of must be there; none_of: not any; not_all: not all of them together."""

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    not_all: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


def _has(name: str) -> ColumnElement[bool]:
    return exists().where(project_tags.c.project_id == projects.c.id, project_tags.c.name == name)


def _has_any(names: tuple[str, ...]) -> ColumnElement[bool]:
    return exists().where(
        project_tags.c.project_id == projects.c.id, project_tags.c.name.in_(names)
    )


def _tagged(tags: TagFilter) -> list[ColumnElement[bool]]:
    conditions = [_has(name) for name in tags.all_of]
    if tags.any_of:
        conditions.append(_has_any(tags.any_of))
    if tags.not_all:
        conditions.append(~and_(*(_has(name) for name in tags.not_all)))
    if tags.none_of:
        conditions.append(~_has_any(tags.none_of))
    return conditions


async def get(session: Session, project_id: str) -> Project | None:
    return await rows.get(session, projects, Project, project_id)


async def find(
    session: Session, page: rows.Page, tags: TagFilter | None = None
) -> Sequence[Project]:
    conditions = _tagged(tags) if tags else []
    return await rows.find(session, projects, Project, page, *conditions)


async def some(session: Session, ids: Collection[str], page: rows.Page) -> Sequence[Project]:
    """Those of the ids that the page asks for; without domains unless it asks for them."""
    equal = {"is_domain": False, **page.equal}
    ordered = sorted(ids)
    found: list[Project] = []
    for start in range(0, len(ordered), 500):
        part = replace(page, equal=equal, ids=ordered[start : start + 500])
        found += await rows.find(session, projects, Project, part)
    return found if page.limit is None else found[: page.limit]


async def below(session: Session, ids: Collection[str]) -> set[str]:
    """Ids of all projects under these ones, at any depth, without them."""
    if not ids:
        return set()
    tree = (
        select(projects.c.id).where(projects.c.parent_id.in_(list(ids))).cte("tree", recursive=True)
    )
    child = projects.alias("child")
    tree = tree.union(select(child.c.id).join(tree, child.c.parent_id == tree.c.id))
    return set(await session.scalars(select(tree.c.id)))


async def has_children(session: Session, project_id: str, *, enabled: bool = False) -> bool:
    conditions = [projects.c.parent_id == project_id]
    if enabled:
        conditions.append(projects.c.enabled)
    return bool(await session.scalar(select(exists().where(*conditions))))


async def tags_of(session: Session, ids: Collection[str]) -> Mapping[str, list[str]]:
    """Tags by project id, in their order."""
    found: dict[str, list[str]] = {project_id: [] for project_id in ids}
    ordered = list(found)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        statement = select(project_tags).where(project_tags.c.project_id.in_(part))
        for row in await rows.read(session, statement.order_by(project_tags.c.name)):
            found[row["project_id"]].append(row["name"])
    return found


async def set_tags(tx: Tx, project_id: str, names: Collection[str]) -> None:
    await tx.execute(delete(project_tags).where(project_tags.c.project_id == project_id))
    values: list[dict[str, Any]] = [{"project_id": project_id, "name": name} for name in names]
    if values:
        await tx.execute(insert(project_tags), values)


async def remove(tx: Tx, project_id: str) -> None:
    """The row, and users' wish to start there."""
    await tx.execute(
        update(users)
        .where(users.c.default_project_id == project_id)
        .values(default_project_id=None)
    )
    await rows.remove(tx, projects, project_id)

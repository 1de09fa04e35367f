"""What a token names, read in as few statements as possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from unkai.identity.model import (
    SYSTEM,
    ActorType,
    Project,
    Role,
    TargetType,
    User,
)
from unkai.identity.store.rows import as_model, read, read_one
from unkai.identity.store.schema import (
    assignments,
    implications,
    memberships,
    projects,
    revocations,
    roles,
    users,
)
from unkai.kit.db import Session

home = projects.alias("home")
_HOME = [column.label(f"home_{column.name}") for column in home.c]


def _home(row: Mapping[str, Any]) -> Project:
    return Project(**{c.name: row[f"home_{c.name}"] for c in home.c})


async def user_with_domain(session: Session, user_id: str) -> tuple[User, Project] | None:
    return await _user(session, users.c.id == user_id)


async def user_by_name(
    session: Session, name: str, domain_id: str | None, domain_name: str | None
) -> tuple[User, Project] | None:
    domain = home.c.id == domain_id if domain_id is not None else home.c.name == domain_name
    return await _user(session, and_(users.c.name == name, domain))


async def _user(session: Session, which: ColumnElement[bool]) -> tuple[User, Project] | None:
    row = await read_one(
        session,
        select(users, *_HOME)
        .join(home, and_(home.c.id == users.c.domain_id, home.c.is_domain))
        .where(which),
    )
    return None if row is None else (as_model(User, row), _home(row))


async def project_with_domain(session: Session, project_id: str) -> tuple[Project, Project] | None:
    """A project and its domain; a domain acting as a project is its own."""
    return await _project(session, projects.c.id == project_id)


async def project_by_name(
    session: Session, name: str, domain_id: str | None, domain_name: str | None
) -> tuple[Project, Project] | None:
    domain = home.c.id == domain_id if domain_id is not None else home.c.name == domain_name
    which = and_(projects.c.name == name, projects.c.is_domain.is_(False), domain)
    return await _project(session, which)


async def _project(session: Session, which: ColumnElement[bool]) -> tuple[Project, Project] | None:
    own = or_(
        home.c.id == projects.c.domain_id,
        and_(projects.c.is_domain, home.c.id == projects.c.id),
    )
    row = await read_one(
        session, select(projects, *_HOME).join(home, and_(own, home.c.is_domain)).where(which)
    )
    return None if row is None else (as_model(Project, row), _home(row))


async def domain_by(
    session: Session, domain_id: str | None, domain_name: str | None
) -> Project | None:
    which = projects.c.id == domain_id if domain_id is not None else projects.c.name == domain_name
    row = await read_one(session, select(projects).where(projects.c.is_domain, which))
    return None if row is None else as_model(Project, row)


async def ancestors_of(session: Session, project: Project) -> list[str]:
    """Ids of the projects above, nearest first; the domain is the last."""
    if project.parent_id is None:
        return []
    if project.parent_id == project.domain_id:
        return [project.parent_id]
    chain = (
        select(projects.c.id, projects.c.parent_id)
        .where(projects.c.id == project.parent_id)
        .cte("chain", recursive=True)
    )
    above = projects.alias("above")
    chain = chain.union_all(
        select(above.c.id, above.c.parent_id).join(chain, above.c.id == chain.c.parent_id)
    )
    return list(await session.scalars(select(chain.c.id)))


def _of_user(user_id: str) -> ColumnElement[bool]:
    """Assignments of a user, directly or through a group; the kind of actor is always compared."""
    in_groups = select(memberships.c.group_id).where(memberships.c.user_id == user_id)
    return or_(
        and_(assignments.c.actor_id == user_id, assignments.c.actor_type == ActorType.USER),
        and_(assignments.c.actor_id.in_(in_groups), assignments.c.actor_type == ActorType.GROUP),
    )


def _on(kind: TargetType, target_id: str) -> ColumnElement[bool]:
    return and_(
        assignments.c.target_type == kind,
        assignments.c.target_id == target_id,
        assignments.c.inherited.is_(False),
    )


async def roles_on_project(session: Session, user_id: str, project: Project) -> set[str]:
    """Role ids that a user was given on a project, here or inherited from above."""
    above = await ancestors_of(session, project)
    inherited = and_(assignments.c.target_id.in_(above), assignments.c.inherited)
    where = _on(TargetType.PROJECT, project.id)
    return await _role_ids(session, user_id, or_(where, inherited) if above else where)


async def roles_on_domain(session: Session, user_id: str, domain_id: str) -> set[str]:
    return await _role_ids(session, user_id, _on(TargetType.DOMAIN, domain_id))


async def roles_on_system(session: Session, user_id: str) -> set[str]:
    return await _role_ids(session, user_id, _on(TargetType.SYSTEM, SYSTEM))


async def _role_ids(session: Session, user_id: str, where: ColumnElement[bool]) -> set[str]:
    statement = select(assignments.c.role_id).where(_of_user(user_id), where).distinct()
    return set(await session.scalars(statement))


async def targets_of_user(session: Session, user_id: str) -> Sequence[tuple[str, str, bool]]:
    """(target type, target id, inherited) of everything a user has a role on."""
    columns = (assignments.c.target_type, assignments.c.target_id, assignments.c.inherited)
    rows = await session.all(select(*columns).where(_of_user(user_id)).distinct())
    return [(row.target_type, row.target_id, row.inherited) for row in rows]


async def all_roles(session: Session) -> dict[str, Role]:
    return {row["id"]: as_model(Role, row) for row in await read(session, select(roles))}


async def all_implications(session: Session) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in await session.all(select(implications)):
        found.setdefault(row.prior_id, set()).add(row.implied_id)
    return found


async def is_revoked(
    session: Session,
    *,
    audit_id: str,
    user_id: str,
    project_id: str | None,
    domain_ids: set[str],
    issued_at: float,
) -> bool:
    """Whether a revocation matches: each names one thing whose tokens end."""
    table = revocations.c
    named: list[ColumnElement[bool]] = [table.audit_id == audit_id, table.user_id == user_id]
    if project_id is not None:
        named.append(table.project_id == project_id)
    if domain_ids:
        named.append(table.domain_id.in_(domain_ids))
    statement = select(table.id).where(or_(*named), table.issued_before >= issued_at).limit(1)
    return await session.scalar(statement) is not None

"""Rows of security groups with their rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, insert, or_, select, update

from unkai.kit.db import AnyRow, Session, Tx
from unkai.kit.policy import Caller
from unkai.network.model import SecurityGroup, SecurityGroupRule
from unkai.network.store.listing import (
    Listing,
    in_parts,
    owned_or_all,
    select_rows,
    shelf,
)
from unkai.network.store.schema import (
    port_security_groups,
    rbac_policies,
    security_group_rules,
    security_groups,
)

GROUPS = shelf(security_groups, hidden=["default_of"])
RULES = shelf(security_group_rules)


DEFAULT = select(security_groups.c.id).where(
    security_groups.c.default_of == bindparam("project_id")
)


def visible_to(caller: Caller) -> ColumnElement[bool] | None:
    if caller.reads_all:
        return None
    shared = select(rbac_policies.c.object_id).where(
        rbac_policies.c.object_type == "security_group",
        rbac_policies.c.target_project.in_([caller.project_id or "", "*"]),
    )
    return or_(
        security_groups.c.project_id == (caller.project_id or ""),
        security_groups.c.id.in_(shared),
    )


async def list_groups(session: Session, listing: Listing, caller: Caller) -> list[SecurityGroup]:
    rows = await select_rows(session, GROUPS, listing, visible_to(caller))
    return await _whole(session, rows)


async def find_group(session: Session, group_id: str, caller: Caller) -> SecurityGroup | None:
    """The group if the caller may see it. One's own is found without looking further."""
    found = (await get_groups(session, [group_id])).get(group_id)
    visible = visible_to(caller)
    if found is None or visible is None or caller.may_see(found.project_id):
        return found
    seen = select(security_groups.c.id).where(security_groups.c.id == group_id, visible)
    return None if await session.scalar(seen) is None else found


async def visible_group_ids(
    session: Session, group_ids: Iterable[str], caller: Caller
) -> dict[str, bool]:
    """Those of `group_ids` the caller sees, and whether each is stateful."""
    found: dict[str, bool] = {}
    visible = visible_to(caller)
    for part in in_parts(group_ids):
        statement = select(security_groups.c.id, security_groups.c.stateful)
        statement = statement.where(security_groups.c.id.in_(part))
        if visible is not None:
            statement = statement.where(visible)
        found |= {row.id: row.stateful for row in await session.all(statement)}
    return found


async def get_groups(session: Session, ids: Iterable[str]) -> dict[str, SecurityGroup]:
    found: dict[str, SecurityGroup] = {}
    for part in in_parts(ids):
        rows = await session.all(select(security_groups).where(security_groups.c.id.in_(part)))
        found |= {group.id: group for group in await _whole(session, rows)}
    return found


async def groups_named(session: Session, project_id: str, name: str) -> list[str]:
    return list(
        await session.scalars(
            select(security_groups.c.id).where(
                security_groups.c.project_id == project_id, security_groups.c.name == name
            )
        )
    )


async def all_group_ids(session: Session) -> list[str]:
    return list(await session.scalars(select(security_groups.c.id)))


async def default_group_id(session: Session, project_id: str) -> str | None:
    return await session.scalar(DEFAULT, {"project_id": project_id})


async def insert_group(tx: Tx, group: SecurityGroup, *, default: bool) -> None:
    default_of = group.project_id if default else None
    values = _group_values(group)
    await tx.execute(insert(security_groups).values(**values, default_of=default_of))
    if group.rules:
        await tx.execute(insert(security_group_rules), [_rule_values(rule) for rule in group.rules])


async def save_group(tx: Tx, group: SecurityGroup) -> None:
    statement = update(security_groups).where(security_groups.c.id == group.id)
    await tx.execute(statement.values(**_group_values(group)))


async def is_default(session: Session, group_id: str) -> bool:
    found = await session.scalar(
        select(security_groups.c.default_of).where(security_groups.c.id == group_id)
    )
    return found is not None


async def in_use(session: Session, group_id: str) -> bool:
    found = await session.scalar(
        select(port_security_groups.c.port_id)
        .where(port_security_groups.c.security_group_id == group_id)
        .limit(1)
    )
    return found is not None


async def delete_group(tx: Tx, group_id: str) -> None:
    rule = security_group_rules.c
    await tx.execute(
        delete(security_group_rules).where(
            or_(rule.security_group_id == group_id, rule.remote_group_id == group_id)
        )
    )
    await tx.execute(delete(security_groups).where(security_groups.c.id == group_id))


async def groups_naming(session: Session, group_id: str) -> list[str]:
    """Other groups with a rule whose remote group is this one."""
    rule = security_group_rules.c
    return list(
        await session.scalars(
            select(rule.security_group_id)
            .where(rule.remote_group_id == group_id, rule.security_group_id != group_id)
            .distinct()
        )
    )


# --- rules


async def list_rules(session: Session, listing: Listing, caller: Caller) -> list[SecurityGroupRule]:
    """A project's rules, and all rules of its groups."""
    visible, groups = owned_or_all(RULES, caller), visible_to(caller)
    if visible is not None and groups is not None:
        seen = select(security_groups.c.id).where(groups)
        visible = or_(visible, security_group_rules.c.security_group_id.in_(seen))
    rows = await select_rows(session, RULES, listing, visible)
    return [_rule(row) for row in rows]


async def get_rule(session: Session, rule_id: str) -> SecurityGroupRule | None:
    row = await session.first(
        select(security_group_rules).where(security_group_rules.c.id == rule_id)
    )
    return _rule(row) if row is not None else None


async def rules_of(session: Session, group_id: str) -> list[SecurityGroupRule]:
    rows = await session.all(
        select(security_group_rules).where(security_group_rules.c.security_group_id == group_id)
    )
    return [_rule(row) for row in rows]


async def insert_rule(tx: Tx, rule: SecurityGroupRule) -> None:
    await tx.execute(insert(security_group_rules).values(**_rule_values(rule)))


async def delete_rule(tx: Tx, rule_id: str) -> None:
    await tx.execute(delete(security_group_rules).where(security_group_rules.c.id == rule_id))


async def touch_group(tx: Tx, group_id: str, now: float) -> None:
    """A rule came or went: the group is of a newer revision."""
    await tx.execute(
        update(security_groups)
        .where(security_groups.c.id == group_id)
        .values(updated_at=now, revision_number=security_groups.c.revision_number + 1)
    )


async def _whole(session: Session, rows: Sequence[AnyRow]) -> list[SecurityGroup]:
    rules: dict[str, list[SecurityGroupRule]] = {}
    for part in in_parts(row.id for row in rows):
        rule = security_group_rules.c
        for found in await session.all(
            select(security_group_rules)
            .where(rule.security_group_id.in_(part))
            .order_by(rule.created_at, rule.id)
        ):
            rules.setdefault(found.security_group_id, []).append(_rule(found))
    return [_group(row, tuple(rules.get(row.id, ()))) for row in rows]


def _group(row: AnyRow, rules: tuple[SecurityGroupRule, ...]) -> SecurityGroup:
    return SecurityGroup(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        stateful=row.stateful,
        shared=row.shared,
        rules=rules,
        tags=tuple(row.tags),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision_number=row.revision_number,
    )


def _rule(row: AnyRow) -> SecurityGroupRule:
    return SecurityGroupRule(
        **{column.name: getattr(row, column.name) for column in security_group_rules.columns}
    )


def _group_values(group: SecurityGroup) -> dict[str, Any]:
    return {
        column.name: getattr(group, column.name)
        for column in security_groups.columns
        if column.name != "default_of"
    }


def _rule_values(rule: SecurityGroupRule) -> dict[str, Any]:
    return {column.name: getattr(rule, column.name) for column in security_group_rules.columns}

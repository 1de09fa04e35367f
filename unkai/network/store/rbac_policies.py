"""Rows of RBAC policies: which project may use what belongs to another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import delete, insert, select, update

from unkai.kit.db import AnyRow, Session, Tx
from unkai.kit.policy import Caller
from unkai.network.model import RbacPolicy
from unkai.network.store.listing import Listing, in_parts, owned_or_all, select_rows, shelf
from unkai.network.store.schema import rbac_policies

RBAC_POLICIES = shelf(rbac_policies, {"target_project": "target_tenant"})


async def list_policies(session: Session, listing: Listing, caller: Caller) -> list[RbacPolicy]:
    visible = owned_or_all(RBAC_POLICIES, caller)
    rows = await select_rows(session, RBAC_POLICIES, listing, visible)
    return [_policy(row) for row in rows]


async def get_policy(session: Session, policy_id: str) -> RbacPolicy | None:
    row = await session.first(select(rbac_policies).where(rbac_policies.c.id == policy_id))
    return _policy(row) if row is not None else None


async def policies_of(session: Session, object_type: str, object_id: str) -> list[RbacPolicy]:
    rows = await session.all(
        select(rbac_policies).where(
            rbac_policies.c.object_type == object_type, rbac_policies.c.object_id == object_id
        )
    )
    return [_policy(row) for row in rows]


async def shared_ids(
    session: Session, object_type: str, ids: Iterable[str], project_id: str
) -> set[str]:
    """Those of `ids` that a policy shares with the project."""
    found: set[str] = set()
    for part in in_parts(ids):
        found |= set(
            await session.scalars(
                select(rbac_policies.c.object_id).where(
                    rbac_policies.c.object_type == object_type,
                    rbac_policies.c.action == "access_as_shared",
                    rbac_policies.c.target_project.in_([project_id, "*"]),
                    rbac_policies.c.object_id.in_(part),
                )
            )
        )
    return found


async def insert_policy(tx: Tx, policy: RbacPolicy) -> None:
    await tx.execute(insert(rbac_policies).values(**asdict(policy)))


async def set_target(tx: Tx, policy_id: str, target_project: str) -> None:
    await tx.execute(
        update(rbac_policies)
        .where(rbac_policies.c.id == policy_id)
        .values(target_project=target_project)
    )


async def delete_policy(tx: Tx, policy_id: str) -> None:
    await tx.execute(delete(rbac_policies).where(rbac_policies.c.id == policy_id))


async def delete_policies_of(tx: Tx, object_type: str, object_id: str) -> None:
    await tx.execute(
        delete(rbac_policies).where(
            rbac_policies.c.object_type == object_type, rbac_policies.c.object_id == object_id
        )
    )


def _policy(row: AnyRow) -> RbacPolicy:
    return RbacPolicy(
        id=row.id,
        project_id=row.project_id,
        object_type=row.object_type,
        object_id=row.object_id,
        action=row.action,
        target_project=row.target_project,
    )

"""Runbooks: found, changed and forgotten by whose they are.

A project's managers keep its own. What makes one everybody's, or another's, is for callers of the
whole system alone, and a project's administrator is none: a public runbook runs on any node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from unkai.baremetal.actions.find_below import check_unique
from unkai.baremetal.actions.rights import sees_all, system_member
from unkai.baremetal.model import Runbook
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.runbooks import RUNBOOKS, find_runbook
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Forbidden, NotFound
from unkai.kit.policy import Caller

OF_THE_SYSTEM = ("public", "owner")


def of_system(caller: Caller) -> bool:
    """Whether the caller acts for the whole system, not for a project."""
    return caller.system or caller.elevated


def _owns(caller: Caller, runbook: Runbook) -> bool:
    return runbook.owner is not None and runbook.owner == caller.project_id


async def seen_runbook(session: Session, caller: Caller, ident: str) -> Runbook:
    """NotFound unless it is public, the caller's project's, or the caller sees everything."""
    found = await find_runbook(session, ident)
    if found is None or not (found.public or sees_all(caller) or _owns(caller, found)):
        raise NotFound(f"Runbook {ident} could not be found.", code="runbook-unknown")
    return found


async def own_runbook(session: Session, caller: Caller, ident: str, rule: str) -> Runbook:
    """One that the caller may change; Forbidden by `rule`."""
    found = await seen_runbook(session, caller, ident)
    manages = _owns(caller, found) and "manager" in caller.roles
    if not (manages or system_member(caller)):
        raise _forbidden(rule)
    return found


def _forbidden(rule: str) -> Forbidden:
    return Forbidden(f"Policy doesn't allow baremetal:runbook:{rule} to be performed.")


async def create_runbook(baremetal: Baremetal, caller: Caller, values: dict[str, Any]) -> Runbook:
    """values: fields of a Runbook. Outside the system it is its creator's project's."""
    kit = baremetal.kit
    if not of_system(caller):
        if values.get("owner") not in (None, caller.project_id):
            raise BadRequest(
                "Cannot create a runbook with an owner other than your own project.",
                code="runbook-owner",
            )
        if values.get("public"):
            raise BadRequest(
                "Cannot create a public runbook in a project's name.", code="runbook-public"
            )
        values = {**values, "owner": caller.project_id}
    made: dict[str, Any] = {"uuid": kit.chance.uuid(), **values, "created_at": kit.clock.now()}
    runbook = Runbook(**made)

    async def write(tx: Tx) -> None:
        taken = {"uuid": runbook.uuid, "name": runbook.name}
        await check_unique(tx, RUNBOOKS, taken, noun="runbook")
        await RUNBOOKS.add(tx, runbook)

    await kit.database.transact(write)
    return runbook


async def update_runbook(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    names: Sequence[str],
    change: Callable[[Runbook], dict[str, Any]],
) -> Runbook:
    """names: the fields that change. change: from the runbook as it is to these."""

    async def write(tx: Tx) -> Runbook:
        found = await own_runbook(tx, caller, ident, "update")
        for name in OF_THE_SYSTEM:
            if name in names and not of_system(caller):
                raise _forbidden(f"update:{name}")
        values = change(found)
        if values.get("owner") is not None and values.get("public", found.public):
            raise BadRequest("There cannot be an owner for a public runbook.", code="runbook-owner")
        if values.get("public"):
            values["owner"] = None
        taken = {"name": values.get("name")}
        await check_unique(tx, RUNBOOKS, taken, noun="runbook", own=found.uuid)
        values["updated_at"] = baremetal.kit.clock.now()
        await RUNBOOKS.change(tx, found.uuid, **values)
        return structs.replace(found, **values)

    return await baremetal.kit.database.transact(write)


async def delete_runbook(baremetal: Baremetal, caller: Caller, ident: str) -> None:
    async def write(tx: Tx) -> None:
        found = await own_runbook(tx, caller, ident, "delete")
        await RUNBOOKS.remove(tx, found.uuid)

    await baremetal.kit.database.transact(write)

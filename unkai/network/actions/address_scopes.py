"""Address scopes: within one, no two subnet pools overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from unkai.kit.db import Session, Tx
from unkai.kit.errors import Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.network.actions.find import may_create_for, must_own
from unkai.network.fields import ProjectId, Text, given, is_uuid, project_of
from unkai.network.model import AddressScope
from unkai.network.service import NetworkService
from unkai.network.store import subnet_pools as store


class AddressScopeRequest(Struct, kw_only=True, frozen=True):
    ip_version: Literal[4, 6]
    name: Text = ""
    shared: bool = False
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


class AddressScopeChange(Struct, kw_only=True, frozen=True):
    name: Text | UnsetType = UNSET
    shared: bool | UnsetType = UNSET


async def scope_of(session: Session, caller: Caller, scope_id: str) -> AddressScope:
    found = await store.find_scope(session, scope_id, caller) if is_uuid(scope_id) else None
    if found is None:
        raise NotFound(
            f"Address scope {scope_id} could not be found.", code="address-scope-not-found"
        )
    return found


async def create_address_scope(
    network: NetworkService, tx: Tx, caller: Caller, request: AddressScopeRequest
) -> AddressScope:
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    may_create_for(caller, project_id)
    scope = AddressScope(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        ip_version=request.ip_version,
        name=request.name,
        shared=request.shared,
    )
    await store.insert_scope(tx, scope)
    return scope


async def update_address_scope(
    network: NetworkService, tx: Tx, caller: Caller, scope_id: str, change: AddressScopeChange
) -> AddressScope:
    before = await scope_of(tx, caller, scope_id)
    must_own(caller, before.project_id, f"Address scope {scope_id}")
    after = replace(before, **given(change))
    await store.save_scope(tx, after)
    return after


async def delete_address_scope(
    network: NetworkService, tx: Tx, caller: Caller, scope_id: str
) -> None:
    scope = await scope_of(tx, caller, scope_id)
    must_own(caller, scope.project_id, f"Address scope {scope_id}")
    if await store.pools_of_scope(tx, scope_id):
        raise Conflict(
            f"Unable to complete operation on address scope {scope_id}. There are one or more "
            "subnet pools in use on the address scope.",
            code="address-scope-in-use",
        )
    await store.delete_scope(tx, scope_id)

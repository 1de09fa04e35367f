"""/subnetpools and /address-scopes"""

from __future__ import annotations

from typing import Any

from unkai.kit.clock import iso
from unkai.kit.http import Call, Route
from unkai.network.actions.address_scopes import (
    AddressScopeChange,
    AddressScopeRequest,
    create_address_scope,
    delete_address_scope,
    scope_of,
    update_address_scope,
)
from unkai.network.actions.subnet_pools import (
    SubnetPoolChange,
    SubnetPoolRequest,
    create_subnet_pool,
    delete_subnet_pool,
    pool_of,
    update_subnet_pool,
)
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.model import AddressScope, SubnetPool
from unkai.network.service import NetworkService
from unkai.network.store import subnet_pools as store


def _pool_view(pool: SubnetPool) -> dict[str, Any]:
    """Prefix lengths are texts here, as upstream has them."""
    return {
        "id": pool.id,
        "project_id": pool.project_id,
        "tenant_id": pool.project_id,
        "name": pool.name,
        "description": pool.description,
        "prefixes": list(pool.prefixes),
        "ip_version": pool.ip_version,
        "default_prefixlen": str(pool.default_prefixlen),
        "min_prefixlen": str(pool.min_prefixlen),
        "max_prefixlen": str(pool.max_prefixlen),
        "default_quota": pool.default_quota,
        "shared": pool.shared,
        "is_default": pool.is_default,
        "address_scope_id": pool.address_scope_id,
        "tags": list(pool.tags),
        "created_at": iso(pool.created_at),
        "updated_at": iso(pool.updated_at),
        "revision_number": pool.revision_number,
    }


def _scope_view(scope: AddressScope) -> dict[str, Any]:
    return {
        "id": scope.id,
        "project_id": scope.project_id,
        "tenant_id": scope.project_id,
        "name": scope.name,
        "ip_version": scope.ip_version,
        "shared": scope.shared,
    }


async def list_pools(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.SUBNET_POOLS)
    found = await store.list_pools(service.kit.database.reader, listing, call.caller)
    return answer(call, "subnetpools", [_pool_view(one) for one in found], listing)


async def show_pool(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await pool_of(service.kit.database.reader, call.caller, call.params["subnetpool_id"])
    return {"subnetpool": only_fields(call, [_pool_view(found)])[0]}


async def create_pool(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(
        call, SubnetPoolRequest, "subnetpool", "subnetpools", create_subnet_pool
    )
    views = [_pool_view(one) for one in made]
    return bodies.made(views, "subnetpool", "subnetpools", many=many)


async def update_pool(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, SubnetPoolChange, "subnetpool", update_subnet_pool)
    return {"subnetpool": _pool_view(after)}


async def delete_pool(call: Call) -> None:
    await bodies.delete_one(call, delete_subnet_pool)


async def list_scopes(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.ADDRESS_SCOPES)
    found = await store.list_scopes(service.kit.database.reader, listing, call.caller)
    return answer(call, "address_scopes", [_scope_view(one) for one in found], listing)


async def show_scope(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await scope_of(
        service.kit.database.reader, call.caller, call.params["address_scope_id"]
    )
    return {"address_scope": only_fields(call, [_scope_view(found)])[0]}


async def create_scope(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(
        call, AddressScopeRequest, "address_scope", "address_scopes", create_address_scope
    )
    views = [_scope_view(one) for one in made]
    return bodies.made(views, "address_scope", "address_scopes", many=many)


async def update_scope(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, AddressScopeChange, "address_scope", update_address_scope)
    return {"address_scope": _scope_view(after)}


async def delete_scope(call: Call) -> None:
    await bodies.delete_one(call, delete_address_scope)


POOLS = "/v2.0/subnetpools"
POOL = "/v2.0/subnetpools/{subnetpool_id}"
SCOPES = "/v2.0/address-scopes"
SCOPE = "/v2.0/address-scopes/{address_scope_id}"
BODY = bodies.Body
NEW_SUBNETPOOL = bodies.described(SubnetPoolRequest, "subnetpool", "subnetpools")
CHANGED_SUBNETPOOL = bodies.described(SubnetPoolChange, "subnetpool")
NEW_ADDRESS_SCOPE = bodies.described(AddressScopeRequest, "address_scope", "address_scopes")
CHANGED_ADDRESS_SCOPE = bodies.described(AddressScopeChange, "address_scope")

ROUTES = (
    Route("GET", POOLS, list_pools, policy="get_subnetpool"),
    Route(
        "POST",
        POOLS,
        create_pool,
        policy="create_subnetpool",
        body=BODY,
        shape=NEW_SUBNETPOOL,
        status=201,
    ),
    Route("GET", POOL, show_pool, policy="get_subnetpool"),
    Route(
        "PUT", POOL, update_pool, policy="update_subnetpool", body=BODY, shape=CHANGED_SUBNETPOOL
    ),
    Route("DELETE", POOL, delete_pool, policy="delete_subnetpool", status=204),
    Route("GET", SCOPES, list_scopes, policy="get_address_scope"),
    Route(
        "POST",
        SCOPES,
        create_scope,
        policy="create_address_scope",
        body=BODY,
        shape=NEW_ADDRESS_SCOPE,
        status=201,
    ),
    Route("GET", SCOPE, show_scope, policy="get_address_scope"),
    Route(
        "PUT",
        SCOPE,
        update_scope,
        policy="update_address_scope",
        body=BODY,
        shape=CHANGED_ADDRESS_SCOPE,
    ),
    Route("DELETE", SCOPE, delete_scope, policy="delete_address_scope", status=204),
)

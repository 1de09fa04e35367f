"""Subnet pools: prefixes that subnets are cut from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any, cast

from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.network import ip
from unkai.network.actions.find import may_create_for, must_own
from unkai.network.actions.quotas import check_quota
from unkai.network.fields import AddressText, Id, Int32, ProjectId, Text, given, is_uuid, project_of
from unkai.network.model import SubnetPool
from unkai.network.service import NetworkService
from unkai.network.store import subnet_pools as store
from unkai.network.store import subnets

SMALLEST = {4: 8, 6: 64}
Prefixes = Annotated[tuple[AddressText, ...], Meta(min_length=1, max_length=100)]


class SubnetPoolRequest(Struct, kw_only=True, frozen=True):
    prefixes: Prefixes
    name: Text = ""
    description: Text = ""
    default_prefixlen: Int32 | None = None
    min_prefixlen: Int32 | None = None
    max_prefixlen: Int32 | None = None
    default_quota: Int32 | None = None
    shared: bool = False
    is_default: bool = False
    address_scope_id: Id | None = None
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


class SubnetPoolChange(Struct, kw_only=True, frozen=True):
    prefixes: Prefixes | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    default_prefixlen: Int32 | UnsetType = UNSET
    min_prefixlen: Int32 | UnsetType = UNSET
    max_prefixlen: Int32 | UnsetType = UNSET
    default_quota: Int32 | UnsetType | None = UNSET
    is_default: bool | UnsetType = UNSET
    address_scope_id: Id | UnsetType | None = UNSET


async def pool_of(session: Session, caller: Caller, pool_id: str) -> SubnetPool:
    found = await store.find_pool(session, pool_id, caller) if is_uuid(pool_id) else None
    if found is None:
        raise NotFound(f"Subnet pool {pool_id} could not be found.", code="subnet-pool-not-found")
    return found


async def create_subnet_pool(
    network: NetworkService, tx: Tx, caller: Caller, request: SubnetPoolRequest
) -> SubnetPool:
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    may_create_for(caller, project_id)
    await check_quota(tx, "subnetpool", project_id)
    prefixes, version = _read_prefixes(request.prefixes)
    low = request.min_prefixlen or SMALLEST[version]
    now = network.kit.clock.now()
    pool = SubnetPool(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        prefixes=prefixes,
        ip_version=version,
        min_prefixlen=low,
        max_prefixlen=request.max_prefixlen or (32 if version == 4 else 128),
        default_prefixlen=request.default_prefixlen or low,
        name=request.name,
        description=request.description,
        default_quota=request.default_quota,
        shared=request.shared,
        is_default=request.is_default,
        address_scope_id=request.address_scope_id,
        created_at=now,
        updated_at=now,
    )
    await _check(tx, caller, pool)
    await store.insert_pool(tx, pool)
    return pool


async def update_subnet_pool(
    network: NetworkService, tx: Tx, caller: Caller, pool_id: str, change: SubnetPoolChange
) -> SubnetPool:
    before = await pool_of(tx, caller, pool_id)
    must_own(caller, before.project_id, f"Subnet pool {pool_id}")
    changes = given(change)
    if "prefixes" in changes:
        prefixes, version = _read_prefixes(changes["prefixes"])
        if version != before.ip_version or not _cover(prefixes, before.prefixes):
            raise BadRequest(
                "Existing prefixes must be a subset of the new prefixes.",
                code="illegal-subnet-pool-prefix-update",
            )
        changes["prefixes"] = prefixes
    after = replace(
        before,
        **changes,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await _check(tx, caller, after)
    await store.save_pool(tx, after)
    return after


async def delete_subnet_pool(network: NetworkService, tx: Tx, caller: Caller, pool_id: str) -> None:
    pool = await pool_of(tx, caller, pool_id)
    must_own(caller, pool.project_id, f"Subnet pool {pool_id}")
    if await subnets.subnets_of_pool(tx, pool_id):
        raise Conflict(
            f"Unable to complete operation: Subnet pool has existing allocations: {pool_id}.",
            code="subnet-pool-delete-error",
        )
    await store.delete_pool(tx, pool_id)


async def cidr_from_pool(
    tx: Tx,
    caller: Caller,
    *,
    pool_id: str | None,
    version: int,
    cidr: str | None,
    prefixlen: int | None,
) -> tuple[str, str]:
    """(CIDR, pool id): the one asked for, or the first that is free. None: the default pool."""
    if pool_id is None:
        pool = await store.default_pool(tx, version)
        if pool is None:
            raise BadRequest(
                f"No default subnet pool for IPv{version} is defined.", code="bad-request"
            )
    else:
        pool = await pool_of(tx, caller, pool_id)
    if pool.ip_version != version:
        raise BadRequest(
            f"Subnet pool {pool.id} is of IPv{pool.ip_version}, not IPv{version}.",
            code="invalid-input",
        )
    used = [ipaddress.ip_network(s.cidr) for s in await subnets.subnets_of_pool(tx, pool.id)]
    if cidr is not None:
        wanted = ip.parse_subnet_cidr(cidr)
        if not _cover(pool.prefixes, [str(wanted)]) or any(ip.overlap(str(u), cidr) for u in used):
            raise Conflict(
                "Failed to allocate subnet: Cannot allocate requested subnet from the available "
                "set of prefixes.",
                code="subnet-allocation-error",
            )
        return str(wanted), pool.id
    length = prefixlen or pool.default_prefixlen
    if not pool.min_prefixlen <= length <= pool.max_prefixlen:
        raise BadRequest(
            f"Unable to allocate subnet with prefix length {length}, allowed are "
            f"{pool.min_prefixlen} to {pool.max_prefixlen}.",
            code="max-prefix-subnet-allocation-error",
        )
    return _first_free(pool, length, used), pool.id


def _first_free(pool: SubnetPool, length: int, used: Sequence[ip.Prefix]) -> str:
    """Step over each used prefix, so that a large pool is not walked."""
    for text in pool.prefixes:
        prefix = ipaddress.ip_network(text)
        if length < prefix.prefixlen:
            continue
        size = 1 << (prefix.max_prefixlen - length)
        at, end = int(prefix.network_address), int(prefix.broadcast_address)
        make = type(prefix.network_address)
        blocks = sorted((int(u.network_address), int(u.broadcast_address)) for u in used)
        for first, last in blocks:
            if last < at or first > end:
                continue
            if first >= at + size:
                break
            at = -(-(last + 1) // size) * size
        if at + size - 1 <= end:
            return f"{make(at)}/{length}"
    raise Conflict(
        f"Failed to allocate subnet: Insufficient prefix space to allocate subnet size /{length}.",
        code="subnet-allocation-error",
    )


def _cover(prefixes: Sequence[str], inner: Sequence[str]) -> bool:
    outer = [ipaddress.ip_network(text) for text in prefixes]
    return all(
        any(_within(ipaddress.ip_network(text), prefix) for prefix in outer) for text in inner
    )


def _within(inner: ip.Prefix, outer: ip.Prefix) -> bool:
    return (
        inner.version == outer.version
        and int(inner.network_address) >= int(outer.network_address)
        and int(inner.broadcast_address) <= int(outer.broadcast_address)
    )


def _read_prefixes(texts: Sequence[str]) -> tuple[tuple[str, ...], int]:
    prefixes = [ip.parse_subnet_cidr(text) for text in texts]
    versions = {prefix.version for prefix in prefixes}
    if len(versions) != 1:
        raise BadRequest(
            "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.", code="pool-version-mismatch"
        )
    version = versions.pop()
    merged: Iterable[ip.Prefix] = ipaddress.collapse_addresses(cast("Any", prefixes))
    return tuple(str(prefix) for prefix in merged), version


async def _check(tx: Tx, caller: Caller, pool: SubnetPool) -> None:
    widest = 32 if pool.ip_version == 4 else 128
    if not 0 < pool.min_prefixlen <= pool.default_prefixlen <= pool.max_prefixlen <= widest:
        raise BadRequest(
            f"Illegal prefix lengths: {pool.min_prefixlen} (min) <= {pool.default_prefixlen} "
            f"(default) <= {pool.max_prefixlen} (max) <= {widest} must hold.",
            code="illegal-subnet-pool-prefix-bounds",
        )
    if pool.is_default:
        other = await store.default_pool(tx, pool.ip_version)
        if other is not None and other.id != pool.id:
            raise BadRequest(
                f"A default subnetpool for IPv{pool.ip_version} is already set: {other.id}.",
                code="invalid-input",
            )
    if pool.address_scope_id is None:
        return
    scope = await store.find_scope(tx, pool.address_scope_id, caller)
    if scope is None:
        raise NotFound(
            f"Address scope {pool.address_scope_id} could not be found.",
            code="address-scope-not-found",
        )
    if scope.ip_version != pool.ip_version:
        raise BadRequest(
            f"Illegal subnetpool association: its IP version is not that of the address scope "
            f"{scope.id}.",
            code="illegal-subnet-pool-ip-version-association-to-address-scope",
        )
    for other in await store.pools_of_scope(tx, scope.id):
        if other.id != pool.id and any(
            ip.overlap(a, b) for a in other.prefixes for b in pool.prefixes
        ):
            raise Conflict(
                f"Subnet pool {pool.id} could not be associated: it overlaps with subnet pool "
                f"{other.id} of the address scope.",
                code="address-scope-prefix-conflict",
            )

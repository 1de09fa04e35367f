"""PUT /servers/{id}, and the small things of a server that are only a row: metadata, tags."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from unkai.compute import states
from unkai.compute.actions.check_request import check_metadata
from unkai.compute.actions.find_server import own_server, unlocked_server
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import VmState
from unkai.compute.store import quotas, servers, tags
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller

TAGS_MAX = 50
Metadata = dict[str, str]


async def update_server(
    compute: Compute, caller: Caller, server_id: str, values: dict[str, Any]
) -> Server:
    async def admit(tx: Tx) -> Server:
        server = await own_server(tx, caller, server_id)
        if values:
            await servers.change_server(tx, server.id, compute.kit.clock.now(), **values)
        found = await servers.get_server(tx, server.id)
        assert found is not None
        return found

    return await compute.kit.database.transact(admit)


async def change_metadata(
    compute: Compute, caller: Caller, server_id: str, change: Callable[[Metadata], Metadata]
) -> Metadata:
    """What the metadata became; `change` gets a copy of what it was."""

    async def admit(tx: Tx) -> Metadata:
        server = await unlocked_server(tx, caller, server_id)
        if server.vm_state == VmState.BUILDING:
            raise states.refusal("update metadata", server.id, "vm_state", server.vm_state)
        became = change(dict(server.metadata))
        limits = await quotas.limits_of(tx, server.project_id)
        if len(became) > len(server.metadata):
            check_metadata(became, limits["metadata_items"])
        await servers.change_server(tx, server.id, compute.kit.clock.now(), metadata=became)
        return became

    return await compute.kit.database.transact(admit)


async def set_tags(
    compute: Compute, caller: Caller, server_id: str, wanted: Collection[str]
) -> list[str]:
    return await _change_tags(compute, caller, server_id, lambda _: set(wanted))


async def add_tag(compute: Compute, caller: Caller, server_id: str, tag: str) -> bool:
    """Whether it is new; BadRequest beyond 50."""
    new = False

    def add(had: set[str]) -> set[str]:
        nonlocal new
        new = tag not in had
        if len(had | {tag}) > TAGS_MAX:
            raise BadRequest(f"The number of tags exceeded the per-server limit {TAGS_MAX}")
        return had | {tag}

    await _change_tags(compute, caller, server_id, add)
    return new


async def remove_tag(compute: Compute, caller: Caller, server_id: str, tag: str) -> None:
    def remove(had: set[str]) -> set[str]:
        if tag not in had:
            raise NotFound(f"Server {server_id} has no tag '{tag}'")
        return had - {tag}

    await _change_tags(compute, caller, server_id, remove)


async def _change_tags(
    compute: Compute, caller: Caller, server_id: str, change: Callable[[set[str]], set[str]]
) -> list[str]:
    async def admit(tx: Tx) -> list[str]:
        server = await unlocked_server(tx, caller, server_id)
        had = (await tags.tags_of(tx, [server.id]))[server.id]
        became = sorted(change(set(had)))
        await tags.set_tags(tx, server.id, became)
        await servers.change_server(tx, server.id, compute.kit.clock.now())
        return became

    return await compute.kit.database.transact(admit)

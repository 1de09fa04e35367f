"""Tags on networks, subnets, ports, routers, floating IPs, security groups and subnet pools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller
from unkai.network.actions.find import (
    floating_ip_of,
    must_own,
    network_of,
    port_of,
    router_of,
    security_group_of,
    subnet_of,
)
from unkai.network.actions.subnet_pools import pool_of
from unkai.network.service import NetworkService
from unkai.network.store import tags as store

MAX_TAGS = 50
MAX_LENGTH = 255

FINDERS: Mapping[str, Callable[[Session, Caller, str], Awaitable[Any]]] = {
    "networks": network_of,
    "subnets": subnet_of,
    "ports": port_of,
    "routers": router_of,
    "floatingips": floating_ip_of,
    "security-groups": security_group_of,
    "subnetpools": pool_of,
}


async def tags_of(session: Session, caller: Caller, collection: str, id: str) -> tuple[str, ...]:
    found = await FINDERS[collection](session, caller, id)
    return found.tags


async def has_tag(session: Session, caller: Caller, collection: str, id: str, tag: str) -> None:
    """NotFound unless it has."""
    if tag not in await tags_of(session, caller, collection, id):
        raise NotFound(f"Tag {tag} could not be found.", code="tag-not-found")


async def change_tags(
    network: NetworkService,
    caller: Caller,
    collection: str,
    id: str,
    change: Callable[[tuple[str, ...]], Sequence[str]],
) -> list[str]:
    """Set the tags to `change` of what they are. Only the owner may, whoever else sees it."""

    async def write(tx: Tx) -> list[str]:
        found = await FINDERS[collection](tx, caller, id)
        must_own(caller, found.project_id, f"{collection} {id}")
        tags = list(dict.fromkeys(change(found.tags)))
        if len(tags) > MAX_TAGS:
            raise BadRequest(
                f"The number of tags exceeds the per-resource limit of {MAX_TAGS}.",
                code="bad-request",
            )
        for tag in tags:
            _check(tag)
        await store.set_tags(tx, collection, found.id, tags, network.kit.clock.now())
        return tags

    return await network.kit.database.transact(write)


def _check(tag: str) -> None:
    if not 0 < len(tag) <= MAX_LENGTH or "\x00" in tag or "/" in tag or "," in tag:
        raise BadRequest(
            f"Invalid input for tags. Reason: '{tag[:80]}' must have 1 to {MAX_LENGTH} characters, "
            "no slash and no comma.",
            code="invalid-input",
        )

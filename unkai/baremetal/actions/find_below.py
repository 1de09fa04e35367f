"""What belongs to a node: found by id or name, seen and changed by whoever may with the node."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from unkai.baremetal.actions.find_node import find_node, not_busy
from unkai.baremetal.actions.rights import may, require
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.rows import Rows
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, Conflict, Forbidden, NotFound
from unkai.kit.policy import Caller

T = TypeVar("T", bound=msgspec.Struct)


async def find_below(
    session: Session, caller: Caller, rows: Rows[T], ident: str, *, noun: str, rule: str
) -> tuple[T, Node]:
    """The thing and its node; NotFound if the node is not to be seen, Forbidden by `rule`.

    noun: as messages word it ("volume connector"). rule: the last part of upstream's name with its
    noun ("port:update").
    """
    unknown = NotFound(f"{noun.capitalize()} {ident} could not be found.", code="resource-unknown")
    found = await rows.find(session, ident)
    if found is None:
        raise unknown
    uuid: str = getattr(found, "node_uuid")  # noqa: B009  # every kind below a node has one
    node = await nodes.get_node(session, uuid)
    if node is None or not may(caller, node, "baremetal:node:get"):
        raise unknown
    require(caller, node, f"baremetal:{rule}")
    return found, node


async def node_for(
    baremetal: Baremetal,
    session: Session,
    caller: Caller,
    ident: str,
    rule: str,
    *,
    free: bool = False,
) -> Node:
    """The node that a body names; BadRequest if there is none to see.

    free: Conflict while something is under way on it. What is new to a node disturbs no work.
    """
    try:
        node = await find_node(session, caller, ident)
    except NotFound as unknown:
        if not (caller.is_admin or "manager" in caller.roles):
            raise Forbidden(f"Policy doesn't allow baremetal:{rule} to be performed.") from unknown
        raise BadRequest(unknown.message, code="node-unknown") from unknown
    require(caller, node, f"baremetal:{rule}")
    if free:
        await not_busy(baremetal, session, node)
    return node


async def check_unique(
    session: Session, rows: Rows[Any], values: dict[str, Any], *, noun: str, own: str = ""
) -> None:
    """Conflict where another row has one of these values (column to value, None never clashes).

    own: the uuid of the row that is changed.
    """
    words = {"uuid": "UUID", "name": "name", "address": "MAC address"}
    column = rows.table.c
    for name, value in values.items():
        if value is None:
            continue
        found = await rows.first(session, column[name] == value)
        if found is not None and found.uuid != own:
            article = "An" if noun[0] in "aeiou" else "A"
            raise Conflict(
                f"{article} {noun} with {words[name]} {value} already exists.",
                code="resource-exists",
            )

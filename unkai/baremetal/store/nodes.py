"""Nodes: one row each, guarded by a generation."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from unkai.baremetal.model import Carrier, Node, PowerState, State
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import nodes
from unkai.kit.db import AnyRow, Json, Session, StaleWrite, Tx
from unkai.kit.policy import Caller

NODES = Rows(nodes, Node)
JSON_COLUMNS = frozenset(one.name for one in nodes.c if isinstance(one.type, Json))

_BY_NAME = select(nodes).where(nodes.c.name == bindparam("one"))
_BY_INSTANCE = select(nodes).where(nodes.c.instance_uuid == bindparam("one"))
_WATCHED = (
    "uuid",
    "driver",
    "driver_info",
    "interfaces",
    "provision_state",
    "power_state",
    "maintenance",
    "fault",
    "health",
    "retired",
    "disable_power_off",
    "owner",
    "created_at",
)
_TO_WATCH = select(*(nodes.c[name] for name in _WATCHED)).where(
    nodes.c.provision_state.not_in((State.ENROLL, State.VERIFYING)),
    or_(nodes.c.maintenance.is_(False), nodes.c.fault == "power failure"),
)
_OFFERED = (
    "uuid",
    "name",
    "driver",
    "resource_class",
    "traits",
    "instance_uuid",
    "provision_state",
    "maintenance",
    "maintenance_reason",
    "retired",
    "created_at",
)
_TO_REPORT = select(*(nodes.c[name] for name in _OFFERED))
_WITH_CLASS = _TO_REPORT.where(nodes.c.resource_class.is_not(None))
_WITH_ABILITIES = select(
    *(nodes.c[name] for name in (*_OFFERED, "interfaces", "properties"))
).where(nodes.c.resource_class.is_not(None))
_WITH_CONSOLE = select(nodes).where(
    or_(nodes.c.console_enabled, nodes.c.uuid.in_(bindparam("uuids", expanding=True)))
)
_PROVISION = select(nodes.c.uuid, nodes.c.provision_state)
_CARRIED = select(nodes.c.instance_uuid, nodes.c.uuid, nodes.c.power_state).where(
    nodes.c.instance_uuid.is_not(None)
)
_BMCS = select(*(nodes.c[name] for name in ("uuid", "driver", "driver_info", "created_at")))
_TOKENS = select(nodes.c.uuid).where(nodes.c.agent_token.is_not(None))
_SHARDS = (
    select(nodes.c.shard, func.count().label("nodes")).group_by(nodes.c.shard).order_by("shard")
)


async def states_of_nodes(session: Session) -> dict[str, State]:
    """The provision state of every node."""
    rows = await session.all(_PROVISION)
    return {row.uuid: State(row.provision_state) for row in rows}


async def nodes_by_instance(session: Session) -> dict[str, Carrier]:
    return {
        row.instance_uuid: Carrier(row.uuid, row.power_state and PowerState(row.power_state))
        for row in await session.all(_CARRIED)
    }


async def nodes_with_tokens(session: Session) -> set[str]:
    """Nodes whose agent was given a token that still counts."""
    return {row.uuid for row in await session.all(_TOKENS)}


async def nodes_with_bmcs(session: Session) -> list[Node]:
    """Every node, with only the fields that say how its BMC is reached."""
    return [NODES.of_row(row) for row in await session.all(_BMCS)]


async def get_node(session: Session, uuid: str) -> Node | None:
    return await NODES.get(session, uuid)


async def node_by_name(session: Session, name: str) -> Node | None:
    row = await session.first(_BY_NAME, {"one": name})
    return NODES.of_row(row) if row else None


async def node_of_instance(session: Session, instance_uuid: str) -> Node | None:
    row = await session.first(_BY_INSTANCE, {"one": instance_uuid})
    return NODES.of_row(row) if row else None


def seen_by(caller: Caller) -> tuple[ColumnElement[bool], ...]:
    """The condition of a list: what the caller owns or leases, or everything."""
    if caller.reads_all or "service" in caller.roles:
        return ()
    return (or_(nodes.c.owner == caller.project_id, nodes.c.lessee == caller.project_id),)


def below_seen(
    caller: Caller,
    column: ColumnElement[str],
    *,
    shards: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> tuple[ColumnElement[bool], ...]:
    """The condition of a list of what belongs to nodes: of those that the caller sees.

    column: the one that holds the node's uuid. shards, groups: only of nodes in these.
    """
    wheres = list(seen_by(caller))
    if shards:
        wheres.append(nodes.c.shard.in_(shards))
    if groups:
        wheres.append(nodes.c.conductor_group.in_(groups))
    return (column.in_(select(nodes.c.uuid).where(*wheres)),) if wheres else ()


def matching(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Conditions of a list, by the API's names of its filters; absent ones say nothing.

    Without `include_children` or `parent_node` only nodes without a parent are meant.
    """
    wheres: list[ColumnElement[bool]] = []
    for name, value in filters.items():
        if name in _PRESENT:
            column = nodes.c[_PRESENT[name]]
            wheres.append(column.is_not(None) if value else column.is_(None))
        elif name == "shard":
            wheres.append(nodes.c.shard.in_(value))
        elif name == "description_contains":
            wheres.append(nodes.c.description.contains(value, autoescape=True))
        elif name == "project":
            wheres.append(or_(nodes.c.owner == value, nodes.c.lessee == value))
        elif name != "include_children":
            wheres.append(nodes.c[name] == value)
    if not filters.get("include_children") and "parent_node" not in filters:
        wheres.append(nodes.c.parent_node.is_(None))
    return wheres


@functools.cache
def _select_plain(names: tuple[str, ...]) -> Select[Any]:
    """Columns by name; JSON stays the text that it is in the table."""
    columns = (nodes.c[name] for name in names)
    return select(
        *(
            type_coerce(one, Text).label(one.name) if isinstance(one.type, Json) else one
            for one in columns
        )
    )


async def list_plain(
    session: Session,
    names: tuple[str, ...],
    wheres: Sequence[ColumnElement[bool]],
    *,
    sort: str,
    descending: bool,
    marker: Node | None,
    limit: int,
) -> Sequence[AnyRow]:
    """A page of nodes as rows of these columns, for lists that are long and shown as they are."""
    query = _select_plain(names).where(*wheres)
    return await session.all(
        NODES.page(query, sort=sort, descending=descending, marker=marker, limit=limit)
    )


_PRESENT = {"associated": "instance_uuid", "sharded": "shard"}


async def children_of(session: Session, uuid: str, *wheres: ColumnElement[bool]) -> list[str]:
    """Ids, oldest first."""
    query = select(nodes.c.uuid).where(nodes.c.parent_node == uuid, *wheres)
    return list(await session.scalars(query.order_by(nodes.c.created_at, nodes.c.uuid)))


async def count_shards(session: Session) -> list[tuple[str | None, int]]:
    """(shard, how many nodes)."""
    return [(row.shard, row.nodes) for row in await session.all(_SHARDS)]


async def add_node(tx: Tx, node: Node) -> None:
    await NODES.add(tx, node)


async def change_node(tx: Tx, node: Node, now: float, **values: Any) -> None:
    """Write columns of a node as it was read; StaleWrite if somebody changed it since."""
    changed = await tx.count(
        update(nodes)
        .where(nodes.c.uuid == node.uuid, nodes.c.generation == node.generation)
        .values(updated_at=now, generation=node.generation + 1, **values)
    )
    if not changed:
        raise StaleWrite(node.uuid)


async def remove_node(tx: Tx, uuid: str) -> bool:
    return await NODES.remove(tx, uuid)


async def nodes_with_console(session: Session, uuids: Sequence[str]) -> Sequence[Node]:
    """These, and those whose console is enabled."""
    return [NODES.of_row(row) for row in await session.all(_WITH_CONSOLE, {"uuids": list(uuids)})]


async def nodes_with_class(session: Session, *, abilities: bool = False) -> list[Node]:
    """Nodes that the scheduler may choose from, with only the fields that this takes.

    abilities: also what tells whether they can have volumes.
    """
    statement = _WITH_ABILITIES if abilities else _WITH_CLASS
    return [NODES.of_row(row) for row in await session.all(statement)]


async def nodes_to_report(session: Session) -> list[Node]:
    """Every node, with only the fields that placement is told of."""
    return [NODES.of_row(row) for row in await session.all(_TO_REPORT)]


async def nodes_to_watch(session: Session) -> list[Node]:
    """Nodes whose power is polled, with only the fields that this takes.

    Not those being enrolled, nor those in maintenance, unless for a power failure.
    """
    return [NODES.of_row(row) for row in await session.all(_TO_WATCH)]

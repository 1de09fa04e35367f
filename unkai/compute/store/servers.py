"""Servers: one row each."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from unkai.compute.model import (
    Flavor,
    Requested,
    Server,
    ServerFault,
    ServerKey,
    ServerNic,
    ServerVolume,
)
from unkai.compute.store.schema import server_tags, servers
from unkai.hypervisor.model import ImageRef
from unkai.kit.db import AnyRow, Session, Tx

_BESIDE = ("vcpus", "memory_mib", "flavor_id")
"""Columns that only repeat what the flavor says, to be summed and searched."""
_JSON: dict[str, Any] = {
    "flavor": Flavor,
    "image": ImageRef | None,
    "metadata": dict[str, str],
    "key": ServerKey | None,
    "nics": list[ServerNic],
    "volumes": list[ServerVolume],
    "requested": Requested,
    "fault": ServerFault | None,
}
_SHARED = ("flavor", "image", "requested")
"""Values that many servers have in common, and that nobody changes: each text is read once."""
_AT_ONCE = 500
"""Ids in one statement."""
_COLUMNS = [
    type_coerce(column, Text).label(column.name) if column.name in _JSON else column
    for column in servers.c
    if column.name not in _BESIDE
]
_NAMES = [column.name for column in servers.c if column.name not in _BESIDE]


def _reader(name: str) -> Callable[[str], Any]:
    decode = msgspec.json.Decoder(_JSON[name]).decode
    return functools.lru_cache(maxsize=1024)(decode) if name in _SHARED else decode


_READERS = [(_NAMES.index(name), _reader(name)) for name in _JSON]


_ON_NODES = select(*_COLUMNS).where(
    servers.c.deleted_at.is_(None), servers.c.host.like("_" * 8 + "-____" * 3 + "-" + "_" * 12)
)
_ONE = select(*_COLUMNS).where(servers.c.id == bindparam("one"))


def of_row(row: AnyRow) -> Server:
    """The texts of JSON columns go straight into their types: rows are many."""
    values: list[Any] = list(row)
    for at, read in _READERS:
        text = values[at]
        if text is not None:
            values[at] = read(text)
    return Server(**dict(zip(_NAMES, values, strict=True)))


async def get_server(session: Session, server_id: str) -> Server | None:
    """Also a deleted one."""
    row = await session.first(_ONE, {"one": server_id})
    return of_row(row) if row else None


_INSERT = insert(servers)


async def add_servers(tx: Tx, added: list[Server]) -> None:
    await tx.execute(_INSERT, [_values(server) for server in added])


def _values(server: Server) -> dict[str, Any]:
    values = {name: getattr(server, name) for name in server.__struct_fields__}
    return {
        **values,
        "flavor_id": server.flavor.id,
        "vcpus": server.flavor.vcpus,
        "memory_mib": server.flavor.ram,
    }


_CHANGE = (
    update(servers)
    .where(servers.c.id == bindparam("of_server"), servers.c.deleted_at.is_(None))
    .values(generation=servers.c.generation + 1)
)


async def change_server(tx: Tx, server_id: str, now: float, **values: Any) -> None:
    """Write columns of a server that is not deleted."""
    if "flavor" in values:
        flavor = values["flavor"]
        values |= {"flavor_id": flavor.id, "vcpus": flavor.vcpus, "memory_mib": flavor.ram}
    await tx.execute(_CHANGE, {"of_server": server_id, "updated_at": now, **values})


_USAGE = select(
    func.count().label("servers"),
    func.sum(servers.c.vcpus).label("vcpus"),
    func.sum(servers.c.memory_mib).label("memory_mib"),
).where(servers.c.project_id == bindparam("project"), servers.c.deleted_at.is_(None))


async def usage_of(session: Session, project_id: str) -> tuple[int, int, int]:
    """(servers, vCPUs, MiB of memory) of a project."""
    row = await session.first(_USAGE, {"project": project_id})
    assert row is not None
    return row.servers, row.vcpus or 0, row.memory_mib or 0


async def hosts_of_group(session: Session, group_id: str) -> list[str]:
    """The host of each living member that has one; as often as it has members."""
    return list(
        await session.scalars(
            select(servers.c.host).where(
                servers.c.server_group_id == group_id,
                servers.c.deleted_at.is_(None),
                servers.c.host.is_not(None),
            )
        )
    )


async def count_of_group(session: Session, group_id: str) -> int:
    return await session.scalar(
        select(func.count()).where(
            servers.c.server_group_id == group_id, servers.c.deleted_at.is_(None)
        )
    )


_BUILDING = (
    select(servers.c.host, func.count().label("building"))
    .where(servers.c.vm_state == "building", servers.c.host.is_not(None))
    .group_by(servers.c.host)
)


async def building_by_host(session: Session) -> dict[str, int]:
    rows = await session.all(_BUILDING)
    return {row.host: row.building for row in rows}


async def living_by_host(session: Session, host: str) -> list[Server]:
    """Every server placed on the host that is not deleted."""
    rows = await session.all(
        select(*_COLUMNS).where(servers.c.host == host, servers.c.deleted_at.is_(None))
    )
    return [of_row(row) for row in rows]


async def list_all(session: Session) -> list[Server]:
    """Every server that is not deleted."""
    rows = await session.all(select(*_COLUMNS).where(servers.c.deleted_at.is_(None)))
    return [of_row(row) for row in rows]


async def on_nodes(session: Session) -> list[Server]:
    """Those whose host has the form of a node's uuid."""
    rows = await session.all(_ON_NODES)
    return [of_row(row) for row in rows]


async def placed_ids(session: Session) -> set[str]:
    """Servers that have a host."""
    found = await session.scalars(
        select(servers.c.id).where(servers.c.deleted_at.is_(None), servers.c.host.is_not(None))
    )
    return set(found)


async def known_ids(session: Session, ids: Collection[str]) -> set[str]:
    """Those of these that are or were servers."""
    return await _ids_among(session, ids, select(servers.c.id))


async def living_ids(session: Session, ids: Collection[str]) -> set[str]:
    return await _ids_among(
        session, ids, select(servers.c.id).where(servers.c.deleted_at.is_(None))
    )


async def _ids_among(
    session: Session, ids: Collection[str], statement: Select[tuple[str]]
) -> set[str]:
    found: set[str] = set()
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        part = servers.c.id.in_(wanted[start : start + _AT_ONCE])
        found.update(await session.scalars(statement.where(part)))
    return found


class Filters(msgspec.Struct, kw_only=True):
    """What a list is narrowed to. Several values of one field: any of them."""

    project_id: str | None = None
    deleted: bool | None = False
    user_id: str | None = None
    ids: Collection[str] | None = None
    name: str | None = None
    hostname: str | None = None
    vm_states: Collection[str] = ()
    task_states: Collection[str] = ()
    not_task_states: Collection[str] = ()
    host: str | None = None
    equal: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    changes_since: float | None = None
    changes_before: float | None = None
    locked: bool | None = None
    tags: Collection[str] = ()
    tags_any: Collection[str] = ()
    not_tags: Collection[str] = ()
    not_tags_any: Collection[str] = ()


SORTABLE = {
    "created_at": servers.c.created_at,
    "updated_at": servers.c.updated_at,
    "display_name": servers.c.name,
    "display_description": servers.c.description,
    "host": servers.c.host,
    "hostname": servers.c.hostname,
    "image_ref": servers.c.image_id,
    "instance_type_id": servers.c.flavor_id,
    "key_name": servers.c.key_name,
    "launch_index": servers.c.launch_index,
    "launched_at": servers.c.launched_at,
    "power_state": servers.c.power_state,
    "project_id": servers.c.project_id,
    "task_state": servers.c.task_state,
    "terminated_at": servers.c.terminated_at,
    "user_id": servers.c.user_id,
    "uuid": servers.c.id,
    "vm_state": servers.c.vm_state,
    "access_ip_v4": servers.c.access_ip_v4,
    "access_ip_v6": servers.c.access_ip_v6,
    "availability_zone": servers.c.availability_zone,
    "config_drive": servers.c.config_drive,
    "locked_by": servers.c.locked_by,
}

_Sort = list[tuple[str, bool]]
"""(key of SORTABLE, whether it grows)."""


async def list_servers(
    session: Session, filters: Filters, *, sort: _Sort, limit: int, marker: str | None = None
) -> list[Server]:
    """A page in the order asked for; `marker` is the last server of the page before."""
    query = select(*_COLUMNS).where(*_conditions(filters))
    sort = [*sort, ("created_at", False), ("uuid", False)]
    if marker is not None:
        query = query.where(_after(await _row(session, marker), sort))
    order = [
        SORTABLE[key].asc().nulls_first() if up else SORTABLE[key].desc().nulls_last()
        for key, up in sort
    ]
    rows = await session.all(query.order_by(*order).limit(limit))
    return [of_row(row) for row in rows]


async def _row(session: Session, server_id: str) -> AnyRow:
    row = await session.first(select(servers).where(servers.c.id == server_id))
    assert row is not None
    return row


def _after(row: AnyRow, sort: _Sort) -> ColumnElement[bool]:
    """Rows behind `row` in the order: a later key counts where the earlier ones are equal."""
    choices: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for key, up in sort:
        column = SORTABLE[key]
        value = getattr(row, column.name)
        if value is None:
            later = column.is_not(None) if up else None
            same = column.is_(None)
        else:
            later = column > value if up else or_(column < value, column.is_(None))
            same = column == value
        if later is not None:
            choices.append(and_(*equal, later))
        equal.append(same)
    return or_(*choices)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    c = servers.c
    found: list[ColumnElement[bool]] = [c[name] == value for name, value in filters.equal.items()]
    if filters.deleted is not None:
        found.append(c.deleted_at.is_not(None) if filters.deleted else c.deleted_at.is_(None))
    for column, value in (
        (c.project_id, filters.project_id),
        (c.user_id, filters.user_id),
        (c.host, filters.host),
    ):
        if value is not None:
            found.append(column == value)
    if filters.ids is not None:
        found.append(c.id.in_(filters.ids))
    for column, pattern in ((c.name, filters.name), (c.hostname, filters.hostname)):
        if pattern is not None:
            found.append(column.regexp_match(pattern))
    if filters.changes_since is not None:
        found.append(c.updated_at >= filters.changes_since)
    if filters.changes_before is not None:
        found.append(c.updated_at <= filters.changes_before)
    if filters.locked is not None:
        found.append(c.locked_by.is_not(None) if filters.locked else c.locked_by.is_(None))
    return [*found, *_state_conditions(filters), *_tag_conditions(filters)]


def _state_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    c = servers.c
    found: list[ColumnElement[bool]] = []
    if filters.vm_states:
        found.append(c.vm_state.in_(filters.vm_states))
    if filters.task_states:
        found.append(c.task_state.in_(filters.task_states))
    if filters.not_task_states:
        found.append(or_(c.task_state.is_(None), c.task_state.not_in(filters.not_task_states)))
    return found


def _tag_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    def has(tags: Collection[str], least: int) -> ColumnElement[bool]:
        return servers.c.id.in_(
            select(server_tags.c.server_id)
            .where(server_tags.c.tag.in_(tags))
            .group_by(server_tags.c.server_id)
            .having(func.count() >= least)
        )

    found: list[ColumnElement[bool]] = []
    if filters.tags:
        found.append(has(filters.tags, len(set(filters.tags))))
    if filters.tags_any:
        found.append(has(filters.tags_any, 1))
    if filters.not_tags:
        found.append(~has(filters.not_tags, len(set(filters.not_tags))))
    if filters.not_tags_any:
        found.append(~has(filters.not_tags_any, 1))
    return found

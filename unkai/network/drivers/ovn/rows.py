"""Rows we own in the northbound database: what they shall hold, against what they hold.

Rendering is pure and yields `RowSpec`s; `Northbound` knows from its replica which rows exist and
turns the difference into one transaction. Every row carries its owner in `external_ids`
(unkai-kind, unkai-id, unkai-part), so nothing is remembered anywhere else: a fresh process sees
what an earlier one made.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from unkai.kit.ovsdb import Ovsdb
from unkai.kit.ovsdb_rows import Named, Row, Transaction

KIND, ID, PART = "unkai-kind", "unkai-id", "unkai-part"

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "NB_Global": ("nb_cfg", "sb_cfg", "hv_cfg", "options"),
    "Logical_Switch": ("name", "ports", "other_config", "external_ids"),
    "Logical_Switch_Port": (
        "name", "type", "options", "addresses", "port_security", "enabled", "tag",
        "dhcpv4_options", "dhcpv6_options", "ha_chassis_group", "external_ids",
    ),
    "DHCP_Options": ("cidr", "options", "external_ids"),
    "Port_Group": ("name", "ports", "acls", "external_ids"),
    "ACL": ("direction", "priority", "match", "action", "external_ids"),
    "Logical_Router": (
        "name", "ports", "static_routes", "nat", "enabled", "options", "external_ids",
    ),
    "Logical_Router_Port": (
        "name", "mac", "networks", "enabled", "options", "gateway_chassis", "ipv6_ra_configs",
        "external_ids",
    ),
    "Logical_Router_Static_Route": ("ip_prefix", "nexthop", "external_ids"),
    "NAT": ("type", "external_ip", "logical_ip", "external_ids"),
    "Gateway_Chassis": ("name", "chassis_name", "priority", "external_ids"),
    "HA_Chassis_Group": ("name", "ha_chassis", "external_ids"),
    "HA_Chassis": ("chassis_name", "priority", "external_ids"),
}  # fmt: skip

_CHILDREN: Final[dict[str, tuple[str, ...]]] = {
    "Logical_Switch": ("ports",),
    "Port_Group": ("acls",),
    "Logical_Router": ("ports", "static_routes", "nat"),
    "Logical_Router_Port": ("gateway_chassis",),
    "HA_Chassis_Group": ("ha_chassis",),
}
_ROOTS: Final = frozenset(
    {"Logical_Switch", "DHCP_Options", "Port_Group", "Logical_Router", "HA_Chassis_Group"}
)


class Owner(NamedTuple):
    """What a row belongs to: a kind and an id of the API, or ("driver", "base")."""

    kind: str
    id: str


BASE: Final = Owner("driver", "base")


class Key(NamedTuple):
    """The name of a row: its owner and which part of it."""

    kind: str
    id: str
    part: str

    @property
    def owner(self) -> Owner:
        return Owner(self.kind, self.id)


class Place(NamedTuple):
    """Where a child row hangs: a column of its parent."""

    table: str
    uuid: str
    column: str


@dataclass(frozen=True, slots=True)
class RowSpec:
    """A row as it shall be.

    columns: values; a `Key` stands for the row of that name.
    parent: the row and its column that hold this one, for rows that cannot stand alone.
    groups: the port groups a logical switch port is in (None: has nothing to do with groups).
    skeleton: make it where it is missing, but leave one that exists as it is.
    """

    key: Key
    table: str
    columns: Mapping[str, object]
    parent: tuple[Key, str] | None = None
    groups: frozenset[Key] | None = None
    skeleton: bool = False
    extra_ids: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def wanted(self) -> dict[str, object]:
        ids = {KIND: self.key.kind, ID: self.key.id, PART: self.key.part, **self.extra_ids}
        return {**self.columns, "external_ids": ids}


class Northbound:
    """Which rows are ours, kept up to date from the replica."""

    def __init__(self, database: Ovsdb) -> None:
        self._database = database
        self._rows: dict[Key, set[str]] = {}
        self._parts: dict[Owner, dict[Key, str]] = defaultdict(dict)
        self._keys: dict[str, Key] = {}
        self._places: dict[str, Place] = {}
        self._groups: dict[str, set[str]] = defaultdict(set)
        for table in TABLES:
            database.watch(table, self._watcher(table))

    def owners(self) -> set[Owner]:
        return {owner for owner, parts in self._parts.items() if parts}

    def find(self, key: Key) -> str | None:
        """UUID of a row of ours."""
        uuids = self._rows.get(key)
        return min(uuids) if uuids else None

    def plan(self, specs: Iterable[RowSpec], owners: Iterable[Owner]) -> Transaction:
        """The writes after which `owners` have exactly the rows of `specs`, skeletons apart."""
        return _Plan(self, self._database, _merge(specs), set(owners)).write()

    def differing(self, specs: Iterable[RowSpec], owners: Iterable[Owner]) -> set[Owner]:
        """Owners whose rows `plan` would change."""
        return _Plan(self, self._database, _merge(specs), set(owners)).changed()

    def strangers(self) -> list[str]:
        """Rows that do not say whose they are, by table and name."""
        return [
            f"{table} {row.text('name') or uuid}"
            for table in TABLES
            if table != "NB_Global"
            for uuid, row in self._database.rows(table).items()
            if uuid not in self._keys
        ]

    # --- for the plan

    def duplicates(self, key: Key) -> set[str]:
        return set(self._rows.get(key, ())) - {self.find(key)}

    def parts(self, owner: Owner) -> dict[Key, str]:
        """Keys of an owner's rows and their tables."""
        return self._parts.get(owner, {})

    def place(self, uuid: str) -> Place | None:
        return self._places.get(uuid)

    def groups(self, uuid: str) -> set[str]:
        return self._groups.get(uuid, set())

    # --- following the replica

    def _watcher(self, table: str):
        columns = _CHILDREN.get(table, ())

        def follow(uuid: str, old: Row | None, new: Row | None) -> None:
            self._follow_key(table, uuid, new)
            for column in columns:
                before = old.texts(column) if old else frozenset[str]()
                after = new.texts(column) if new else frozenset[str]()
                here = Place(table, uuid, column)
                for child in after - before:
                    self._places[child] = here
                for child in before - after:
                    if self._places.get(child) == here:
                        del self._places[child]
            if table == "Port_Group":
                self._follow_members(uuid, old, new)

        return follow

    def _follow_key(self, table: str, uuid: str, new: Row | None) -> None:
        key = _key_of(new) if new is not None else None
        known = self._keys.get(uuid)
        if key == known:
            return
        if known is not None:
            del self._keys[uuid]
            self._rows[known].discard(uuid)
            if not self._rows[known]:
                del self._rows[known]
                self._parts[known.owner].pop(known, None)
                if not self._parts[known.owner]:
                    del self._parts[known.owner]
        if key is not None:
            self._keys[uuid] = key
            self._rows.setdefault(key, set()).add(uuid)
            self._parts[key.owner][key] = table

    def _follow_members(self, group: str, old: Row | None, new: Row | None) -> None:
        before = old.texts("ports") if old else frozenset[str]()
        after = new.texts("ports") if new else frozenset[str]()
        for port in after - before:
            self._groups[port].add(group)
        for port in before - after:
            self._groups[port].discard(group)
            if not self._groups[port]:
                del self._groups[port]


class _Plan:
    """One transaction in the making."""

    def __init__(
        self, north: Northbound, database: Ovsdb, specs: dict[Key, RowSpec], owners: set[Owner]
    ) -> None:
        self._north = north
        self._database = database
        self._specs = specs
        self._owners = owners
        self._transaction = database.transaction()
        numbers = itertools.count(1)
        self._new = {key: Named(f"row{next(numbers)}") for key in specs if north.find(key) is None}
        self._joins: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._leaves: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._deleted: set[str] = set()

    def write(self) -> Transaction:
        for owner in self._owners:
            self._remove_leftovers(owner)
        for spec in self._specs.values():
            self._put(spec)
        self._write_memberships()
        return self._transaction

    def changed(self) -> set[Owner]:
        """Whose rows `write` would write something about."""
        found: set[Owner] = set()
        for owner in self._owners:
            before = self._size
            self._remove_leftovers(owner)
            if self._size != before:
                found.add(owner)
        for spec in self._specs.values():
            before = self._size
            try:
                self._put(spec)
            except LookupError:
                found.add(spec.key.owner)
            if self._size != before:
                found.add(spec.key.owner)
        return found

    @property
    def _size(self) -> int:
        moves = (*self._joins.values(), *self._leaves.values())
        return len(self._transaction) + len(self._deleted) + sum(map(len, moves))

    def _put(self, spec: RowSpec) -> None:
        uuid = self._north.find(spec.key)
        if uuid is None:
            self._insert(spec)
        elif not spec.skeleton:
            self._update(spec, uuid)

    def _remove_leftovers(self, owner: Owner) -> None:
        for key, table in self._north.parts(owner).items():
            unwanted = self._north.duplicates(key)
            if key not in self._specs and (found := self._north.find(key)) is not None:
                unwanted.add(found)
            for uuid in unwanted:
                self._delete(table, uuid)

    def _delete(self, table: str, uuid: str) -> None:
        self._deleted.add(uuid)
        place = self._north.place(uuid)
        if table in _ROOTS:
            self._transaction.delete(table, uuid)
        elif place is not None:
            self._leaves[place].append(uuid)

    def _insert(self, spec: RowSpec) -> None:
        name = self._new[spec.key]
        self._transaction.insert(spec.table, self._resolved(spec), name=name)
        if spec.parent is not None:
            self._join(spec.parent, name)
        for group in spec.groups or ():
            self._join((group, "ports"), name)

    def _update(self, spec: RowSpec, uuid: str) -> None:
        row = self._database.row(spec.table, uuid) or Row()
        wanted = self._resolved(spec)
        changes = {
            name: value
            for name, value in wanted.items()
            if name in row and row[name] != _comparable(value)
        }
        if changes:
            self._transaction.update(spec.table, uuid, changes)
        if spec.parent is not None:
            here = self._north.place(uuid)
            if here is None or here.uuid != self._resolve(spec.parent[0]):
                if here is not None:
                    self._leaves[here].append(uuid)
                self._join(spec.parent, uuid)
        if spec.groups is not None:
            wanted_groups = {self._resolve(group): group for group in spec.groups}
            actual = self._north.groups(uuid)
            for group in wanted_groups.keys() - actual:
                self._joins["Port_Group", group, "ports"].append(uuid)
            for group in actual - wanted_groups.keys():
                self._leaves["Port_Group", group, "ports"].append(uuid)

    def _join(self, place: tuple[Key, str], child: str) -> None:
        key, column = place
        self._joins[self._table(key), self._resolve(key), column].append(child)

    def _write_memberships(self) -> None:
        for (table, uuid, column), children in self._leaves.items():
            if uuid not in self._deleted:
                self._transaction.mutate(table, uuid, column, "delete", children)
        for (table, uuid, column), children in self._joins.items():
            self._transaction.mutate(table, uuid, column, "insert", children)

    def _resolved(self, spec: RowSpec) -> dict[str, object]:
        return {
            name: self._resolve(value) if isinstance(value, Key) else value
            for name, value in spec.wanted.items()
        }

    def _resolve(self, key: Key) -> str:
        if key in self._new:
            return self._new[key]
        found = self._north.find(key)
        if found is None:
            raise LookupError(f"no row {key}")
        return found

    def _table(self, key: Key) -> str:
        spec = self._specs.get(key)
        return spec.table if spec is not None else self._north.parts(key.owner)[key]


def _merge(specs: Iterable[RowSpec]) -> dict[Key, RowSpec]:
    """One spec per row: a full one wins over a skeleton."""
    merged: dict[Key, RowSpec] = {}
    for spec in specs:
        known = merged.get(spec.key)
        if known is None or (known.skeleton and not spec.skeleton):
            merged[spec.key] = spec
    return merged


def _key_of(row: Row) -> Key | None:
    ids = row.map("external_ids")
    return Key(ids[KIND], ids.get(ID, ""), ids.get(PART, "")) if KIND in ids else None


def _comparable(value: object) -> object:
    """A wanted value in the replica's form: sets compare as frozensets, maps as dicts."""
    if isinstance(value, (list, tuple, set)):
        return frozenset(cast("Iterable[object]", value))
    return dict(cast("Mapping[object, object]", value)) if isinstance(value, Mapping) else value

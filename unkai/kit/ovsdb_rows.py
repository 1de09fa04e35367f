"""OVSDB values, rows and transactions, and how they travel (RFC 7047 section 5), schema-driven.

A column with at most one element is a plain value or None, any other set is a frozenset, a map is
a dict; a UUID is a plain string. The schema knows which string is a UUID, so callers never write
wire forms.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

Atom: TypeAlias = str | int | float | bool
Value: TypeAlias = Atom | frozenset[Atom] | dict[Atom, Atom] | None
Wire: TypeAlias = Any

NO_UUID = "00000000-0000-0000-0000-000000000000"


class OvsdbError(Exception):
    """The server refused: `error` is its word ("constraint violation"), `details` its sentence."""

    def __init__(self, error: str, details: str = "") -> None:
        super().__init__(f"{error}: {details}" if details else error)
        self.error = error
        self.details = details


class Named(str):
    """The UUID of a row inserted in the same transaction, by the name the transaction gave it."""

    __slots__ = ()


class Row(dict[str, Value]):
    """A row of the replica: column name to value, with readers that know what they expect."""

    __slots__ = ()

    def text(self, column: str) -> str:
        """A string or UUID column; "" where it is empty or the server has no such column."""
        value = self.get(column)
        return value if isinstance(value, str) else ""

    def number(self, column: str) -> int:
        value = self.get(column)
        return int(value) if isinstance(value, (int, float)) else 0

    def flag(self, column: str) -> bool:
        return self.get(column) is True

    def texts(self, column: str) -> frozenset[str]:
        """A set of strings or UUIDs."""
        value = self.get(column)
        if isinstance(value, frozenset):
            return cast("frozenset[str]", value)
        return frozenset((value,)) if isinstance(value, str) and value else frozenset()

    def map(self, column: str) -> dict[str, str]:
        """A map of strings to strings (or UUIDs)."""
        value = self.get(column)
        return cast("dict[str, str]", value) if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Column:
    """The type of one column."""

    key: str
    value: str | None
    n_min: int
    n_max: int | None  # None: unlimited

    @property
    def is_map(self) -> bool:
        return self.value is not None

    @property
    def is_single(self) -> bool:
        """Holds at most one element: such a column is a plain value, and its updates replace it."""
        return self.value is None and self.n_max == 1

    @property
    def default(self) -> Value:
        if self.is_map:
            return {}
        if not self.is_single:
            return frozenset()
        if self.n_min == 0:
            return None
        empty: dict[str, Value] = {
            "string": "", "integer": 0, "real": 0.0, "boolean": False, "uuid": NO_UUID
        }  # fmt: skip
        return empty[self.key]

    def decode(self, wire: Wire) -> Value:
        """The Python value of a column as the server sends it."""
        if self.is_map:
            return {_decode_atom(key): _decode_atom(value) for key, value in wire[1]}
        elements = _elements(wire)
        if not self.is_single:
            return frozenset(_decode_atom(element) for element in elements)
        return _decode_atom(elements[0]) if elements else None

    def encode(self, value: object) -> Wire:
        """The wire form of a Python value; sets may be given as any iterable."""
        if self.is_map:
            pairs = cast("Mapping[Atom, Atom]", value or {})
            second = self.value or ""
            return ["map", [[_atom(self.key, k), _atom(second, v)] for k, v in pairs.items()]]
        if value is None:
            return ["set", []]
        if isinstance(value, (str, int, float)):
            return _atom(self.key, value)
        return ["set", [_atom(self.key, one) for one in cast("Iterable[Atom]", value)]]

    def apply(self, old: Value, wire: Wire) -> Value:
        """The value after an update2 difference: replaced, or elements and keys toggled."""
        change = self.decode(wire)
        if isinstance(change, frozenset):
            return cast("frozenset[Atom]", old or frozenset()) ^ change
        if isinstance(change, dict):
            merged = dict(cast("dict[Atom, Atom]", old or {}))
            for key, value in change.items():
                if key in merged and merged[key] == value:
                    del merged[key]
                else:
                    merged[key] = value
            return merged
        return change


Schema: TypeAlias = dict[str, dict[str, Column]]


Where: TypeAlias = str | Mapping[str, object]
"""A row's UUID, or column values that all must equal ({} finds every row)."""


class Transaction:
    """Operations that are committed together. Built against the server's schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._names = itertools.count(1)
        self.operations: list[dict[str, Wire]] = []

    def __len__(self) -> int:
        return len(self.operations)

    def insert(self, table: str, row: Mapping[str, object], *, name: str | None = None) -> Named:
        """Add a row; the returned name stands for its UUID in later operations."""
        named = Named(name or f"row{next(self._names)}")
        self._add("insert", table, {"row": self._row(table, row), "uuid-name": str(named)})
        return named

    def update(self, table: str, where: Where, row: Mapping[str, object]) -> None:
        """Set columns of the rows found."""
        self._add(
            "update", table, {"where": self._where(table, where), "row": self._row(table, row)}
        )

    def mutate(self, table: str, where: Where, column: str, mutator: str, value: object) -> None:
        """`insert` or `delete` elements of a set or map (`+=` and so on for numbers)."""
        known = self._schema[table].get(column)
        if known is None:
            return
        wire: Wire = None
        if known.is_map and mutator == "delete" and not isinstance(value, dict):
            wire = ["set", list(cast("Iterable[str]", value))]  # keys, whatever their values
        else:
            wire = known.encode(cast("object", value))
        self._add(
            "mutate",
            table,
            {"where": self._where(table, where), "mutations": [[column, mutator, wire]]},
        )

    def delete(self, table: str, where: Where) -> None:
        self._add("delete", table, {"where": self._where(table, where)})

    def select(self, table: str, where: Where, columns: Sequence[str]) -> int:
        """Ask for rows; returns the operation's place in the result list."""
        self._add("select", table, {"where": self._where(table, where), "columns": list(columns)})
        return len(self.operations) - 1

    def wait(
        self, table: str, where: Where, row: Mapping[str, object], *, timeout_s: float
    ) -> None:
        """Go on only where the rows found look like `row`, else fail after `timeout_s`."""
        wire = self._row(table, row)
        self._add(
            "wait",
            table,
            {
                "where": self._where(table, where),
                "columns": list(wire),
                "rows": [wire],
                "until": "==",
                "timeout": int(timeout_s * 1000),
            },
        )

    def _add(self, op: str, table: str, body: dict[str, Wire]) -> None:
        self.operations.append({"op": op, "table": table, **body})

    def _row(self, table: str, row: Mapping[str, object]) -> dict[str, Wire]:
        columns = self._schema[table]
        return {name: columns[name].encode(row[name]) for name in row if name in columns}

    def _where(self, table: str, where: Where) -> list[Wire]:
        if isinstance(where, Named):
            return [["_uuid", "==", ["named-uuid", str(where)]]]
        if isinstance(where, str):
            return [["_uuid", "==", ["uuid", where]]]
        columns = self._schema[table]
        return [[name, "==", columns[name].encode(value)] for name, value in where.items()]


def parse_schema(wire: Wire) -> Schema:
    """Tables and columns of a database from the answer to `get_schema`."""
    return {
        table: {name: _parse_column(column["type"]) for name, column in spec["columns"].items()}
        for table, spec in wire["tables"].items()
    }


def _parse_column(wire: Wire) -> Column:
    if isinstance(wire, str):
        return Column(wire, None, 1, 1)
    n_max = wire.get("max", 1)
    return Column(
        key=_base(wire["key"]),
        value=_base(wire["value"]) if "value" in wire else None,
        n_min=int(wire.get("min", 1)),
        n_max=None if n_max == "unlimited" else int(n_max),
    )


def _base(wire: Wire) -> str:
    return wire if isinstance(wire, str) else str(wire["type"])


def _elements(wire: Wire) -> list[Wire]:
    if isinstance(wire, list) and wire and wire[0] == "set":
        return cast("list[Wire]", wire[1])
    return [wire]


def _decode_atom(wire: Wire) -> Atom:
    return cast("Atom", wire[1] if isinstance(wire, list) else wire)


def _atom(kind: str, value: Atom) -> Wire:
    if isinstance(value, str) and not _is_text(value):
        raise OvsdbError("constraint violation", f"{value!r} is not text")
    if kind == "uuid":
        return ["named-uuid" if isinstance(value, Named) else "uuid", str(value)]
    return value


def _is_text(value: str) -> bool:
    """The server ends the connection where it is sent anything else."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False

"""Statements that are constants of their module, run without SQLAlchemy in between.

SQLAlchemy takes a tenth of a millisecond to find a statement's compiled form and to set up its
result, SQLite a tenth of that to run it. So a statement that comes a second time (the very object:
one that is built anew each time never does) is compiled for good: its SQL, where each value of it
comes from, and what makes rows of what SQLite returns. Types convert as SQLAlchemy has them, and
rows are SQLAlchemy's own.

What a plan cannot say (text, defaults made in Python, values rendered into the SQL) stays with
SQLAlchemy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect
from sqlalchemy.engine.result import result_tuple
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TupleType, TypeEngine

from unkai.kit.db.base import AnyRow, Parameters

Process = Callable[[Any], Any]
Given = Mapping[str, Any]
Hook = Callable[[str], None]
Source = tuple[str | None, int | None, Process | None, Any]
"""Of one value: the parameter's name, its place in the parameter's list, its type's conversion.
Without a name, the value itself, converted."""

SIZES_MAX = 64
"""Lengths of lists that one statement keeps a plan for."""


class Answer:
    """What a prepared statement brought; the part of SQLAlchemy's result that sessions use."""

    def __init__(self, statement: Prepared, cursor: sqlite3.Cursor) -> None:
        self._statement = statement
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def all(self) -> list[AnyRow]:
        return self._statement.rows(self._cursor, self._cursor.fetchall())

    def first(self) -> AnyRow | None:
        found = self._cursor.fetchmany(1)
        self._cursor.close()
        return self._statement.rows(self._cursor, found)[0] if found else None

    def scalar(self) -> Any:
        row = self.first()
        return None if row is None else row[0]


class _Plan:
    """SQL with its values' sources; of a statement with lists, for lists of one size each."""

    def __init__(self, prepared: Prepared, given: Given) -> None:
        state = prepared.compiled.construct_expanded_state(given)
        self.sql = state.statement
        places = {
            name: (whole, place)
            for whole, names in state.parameter_expansion.items()
            for place, name in enumerate(names)
        }
        self._sources: list[Source] = [
            prepared.source(*places.get(name, (name, None)), given)
            for name in state.positiontup or ()
        ]

    def values(self, given: Given) -> list[Any]:
        values: list[Any] = []
        for name, place, process, fixed in self._sources:
            if name is None:
                values.append(fixed)
                continue
            value = given[name] if place is None else given[name][place]
            values.append(value if process is None else process(value))
        return values


class Prepared:
    """A statement as it runs with parameters of certain names."""

    def __init__(
        self,
        compiled: SQLCompiler,
        columns: Sequence[TypeEngine[Any]],
        names: Collection[str],
        dialect: Dialect,
    ) -> None:
        self.compiled = compiled
        self._dialect = dialect
        self._plans: dict[tuple[int, ...], _Plan] = {}
        self._lists = [one.key for one in compiled.post_compile_params if one.key in names]
        processes = [one.dialect_impl(dialect).result_processor(dialect, None) for one in columns]
        self._processes = [(at, one) for at, one in enumerate(processes) if one is not None]
        self._row: Callable[[Sequence[Any]], AnyRow] | None = None

    @property
    def takes_many(self) -> bool:
        """Whether one SQL fits every row: lists of several rows may differ in size."""
        return not self._lists

    def sql(self, given: Given) -> str:
        return self._plan(self._listed(given)).sql

    def run(self, connection: sqlite3.Connection, given: Given) -> Answer:
        given = self._listed(given)
        plan = self._plan(given)
        return self._answer(connection.execute, plan.sql, plan.values(given))

    def run_many(self, connection: sqlite3.Connection, given: Sequence[Given]) -> Answer:
        plan = self._plan(given[0])
        return self._answer(connection.executemany, plan.sql, [plan.values(one) for one in given])

    def rows(self, cursor: sqlite3.Cursor, found: list[Any]) -> list[AnyRow]:
        """Rows of what SQLite returned."""
        if self._row is None:
            names = [described[0] for described in cursor.description or ()]
            self._row = cast("Callable[[Sequence[Any]], AnyRow]", result_tuple(names))
        row = self._row
        if not self._processes:
            return [row(values) for values in found]
        rows: list[AnyRow] = []
        for values in found:
            converted = list(values)
            for at, process in self._processes:
                converted[at] = process(converted[at])
            rows.append(row(converted))
        return rows

    def source(self, name: str, place: int | None, given: Given) -> Source:
        bind = self.compiled.binds[name]
        process = bind.type.dialect_impl(self._dialect).bind_processor(self._dialect)
        if bind.key in given:
            return bind.key, place, process, None
        value = bind.effective_value
        value = value if place is None else cast("Sequence[Any]", value)[place]
        return None, None, None, value if process is None else process(value)

    def _listed(self, given: Given) -> Given:
        """Lists that can be counted and indexed, of whatever collection was given."""
        if not self._lists:
            return given
        return {**given, **{name: list(given[name]) for name in self._lists}}

    def _plan(self, given: Given) -> _Plan:
        sizes = tuple([len(given[name]) for name in self._lists])
        plan = self._plans.get(sizes)
        if plan is None:
            if len(self._plans) >= SIZES_MAX:
                self._plans.clear()
            plan = self._plans[sizes] = _Plan(self, given)
        return plan

    def _answer(
        self, execute: Callable[[str, list[Any]], sqlite3.Cursor], sql: str, values: list[Any]
    ) -> Answer:
        try:
            return Answer(self, execute(sql, values))
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                sql, values, error, sqlite3.Error, hide_parameters=True, dialect=self._dialect
            ) from error


def prepare(statement: Executable, names: Collection[str], dialect: Dialect) -> Prepared | None:
    """None where the statement needs what only SQLAlchemy does."""
    if not isinstance(statement, SelectBase | UpdateBase):
        return None
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    if compiled.literal_execute_params or compiled.prefetch or compiled.escaped_bind_names:
        return None
    if any(isinstance(one.type, TupleType) for one in compiled.post_compile_params):
        return None
    columns = [column.type for column in statement.exported_columns]
    return Prepared(compiled, columns, names, dialect)


class PreparedStatements:
    """The constants among the statements of a process, by statement and parameters' names."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: WeakKeyDictionary[Executable, dict[tuple[str, ...], Prepared | None]] = (
            WeakKeyDictionary()
        )

    def run(
        self,
        connection: sqlite3.Connection,
        statement: Executable,
        parameters: Parameters | None,
        hooks: Sequence[Hook] = (),
    ) -> Answer | None:
        """None where SQLAlchemy is to run it: it came for the first time, or cannot be prepared.

        hooks: called with the SQL before it runs.
        """
        forms = self._known.get(statement)
        if forms is None:
            self._known[statement] = {}
            return None
        if parameters is None:
            rows: Sequence[Given] = ({},)
        else:
            rows = (parameters,) if isinstance(parameters, Mapping) else parameters
        prepared = self._form(forms, statement, rows)
        if prepared is None:
            return None
        for hook in hooks:
            hook(prepared.sql(rows[0]))
        if len(rows) == 1:
            return prepared.run(connection, rows[0])
        return prepared.run_many(connection, rows)

    def _form(
        self,
        forms: dict[tuple[str, ...], Prepared | None],
        statement: Executable,
        rows: Sequence[Given],
    ) -> Prepared | None:
        if not rows:
            return None
        names = tuple(rows[0])
        if names not in forms:
            forms[names] = prepare(statement, names, self._dialect)
        prepared = forms[names]
        return None if prepared is None or (len(rows) > 1 and not prepared.takes_many) else prepared

"""Every change of a row that people look at, written by the database itself.

`announce(servers, "server")` beside a table's declaration makes triggers that write one row into
`changes` per row that was made, changed or removed, in the same transaction and whoever wrote it: a
statement over many rows, a cascade, another process. Some microseconds a row, and no place in the
code can be forgotten. `unkai.kit.changes` reads them.

Rejected: an event emitted beside each write (a hundred places that each need the project's id, and
ten times the cost), and notifications of one database only.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from unkai.kit.db.base import metadata

changes = Table(
    "changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key", String(255), nullable=False),
    Column("what", String(8), nullable=False),  # created, changed, deleted
    Column("project_id", String(255)),  # whose members may know of it
    Column("user_id", String(64)),  # who else may
    Column("everyone", Boolean, nullable=False),
    Column("about", String(255)),  # another thing's id that this one belongs to
)

ANNOUNCED = "announced"
_NOTHING = "null"


@dataclass(frozen=True, slots=True)
class Announced:
    """SQL expressions over the row; `row.` is the new one, of a removed one the old.

    only: columns whose change counts; none: any. gone: true once the row stands for something
    deleted. when: rows that count at all. hidden: not for people, only read by its own door.
    """

    kind: str
    key: str = "row.id"
    project: str = "row.project_id"
    user: str = _NOTHING
    everyone: str = "false"
    about: str = _NOTHING
    only: tuple[str, ...] = ()
    gone: str = "false"
    when: str = "true"
    as_changed: bool = False
    """A part of the thing: whatever happens to the row, the thing was changed."""
    leaves: str = ""
    """A column whose change is also told of the old row: it says whose the row is."""
    kept: bool = False
    """Rows are only removed long after what they stand for: nobody is told of that."""


def announce(table: Table, *said: Announced) -> None:
    """Have the database write the changes of this table's rows."""
    table.info.setdefault(ANNOUNCED, []).extend(said)


def announced_kinds() -> frozenset[str]:
    """Kinds of everything that is announced by the modules imported so far."""
    return frozenset(
        one.kind for table in metadata.tables.values() for one in table.info.get(ANNOUNCED, ())
    )


def triggers(dialect: str) -> list[str]:
    """The statements that make every trigger, for "sqlite" or "postgresql"."""
    return [
        statement
        for table in metadata.sorted_tables
        for number, one in enumerate(table.info.get(ANNOUNCED, ()))
        for verb in _verbs(one)
        for statement in _trigger(dialect, table.name, number, one, verb)
    ]


LEAVE = "leave"
"""An update after which the row is somebody else's."""


def _verbs(one: Announced) -> list[str]:
    verbs = ["insert", "update"]
    if one.leaves:
        verbs.append(LEAVE)
    if not one.kept:
        verbs.append("delete")
    return verbs


def _trigger(dialect: str, table: str, number: int, one: Announced, verb: str) -> list[str]:
    name = f"changes_{table}_{number}_{verb}"
    row = "old" if verb in ("delete", LEAVE) else "new"
    body = _filled(_INSERT.format(one=one, what=_what(one, verb)), row)
    condition = _filled(_condition(one, verb), row)
    at = f"{name} after {'update' if verb == LEAVE else verb} on {table}"
    if dialect == "sqlite":
        return [f"create trigger {at} when {condition} begin {body}; end"]
    function = f"create function {name}() returns trigger language plpgsql as"
    trigger = f"create trigger {at} for each row when ({condition})"
    return [
        f"{function} $$ begin {body}; return null; end $$",
        f"{trigger} execute function {name}()",
    ]


_INSERT = (
    "insert into changes (kind, key, what, project_id, user_id, everyone, about) values"
    " ('{one.kind}', coalesce({one.key}, ''), {what}, {one.project}, {one.user},"
    " {one.everyone}, {one.about})"
)


def _what(one: Announced, verb: str) -> str:
    if one.as_changed or verb == LEAVE:
        return "'changed'"
    if verb == "update":
        return f"case when {one.gone} then 'deleted' else 'changed' end"
    return "'created'" if verb == "insert" else "'deleted'"


def _condition(one: Announced, verb: str) -> str:
    parts = [f"({one.when})"]
    if verb == "update" and one.only:
        different = (f"old.{column} is distinct from new.{column}" for column in one.only)
        parts.append(f"({' or '.join(different)})")
    if verb == LEAVE:
        parts.append(f"old.{one.leaves} is distinct from new.{one.leaves}")
    if verb == "delete":
        parts.append(f"not ({one.gone})")
    return " and ".join(parts)


def _filled(expression: str, row: str) -> str:
    return expression.replace("row.", f"{row}.")

"""What a store sees of the database, whichever one it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, MetaData, Row, bindparam
from sqlalchemy.sql.base import Executable

metadata = MetaData()
"""Every table of every service; `store/schema.py` modules declare theirs on it."""

T = TypeVar("T")
AnyRow = Row[Any]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """`column` is one of the parameter `ids`: for statements that are built once."""
    return column.in_(bindparam("ids", expanding=True))


class StaleWrite(Exception):
    """A row was changed by somebody else since it was read (a generation moved).

    Raised by a store inside a transaction; `Database.transact` then runs the transaction again.
    """


class Answer(Protocol):
    """What a statement brought; SQLAlchemy's results are such."""

    @property
    def rowcount(self) -> int: ...

    def all(self) -> Sequence[AnyRow]: ...

    def first(self) -> AnyRow | None: ...

    def scalar(self) -> Any: ...


class Session:
    """Statements, one after the other; subclasses say where they run.

    `parameters` fill `bindparam`s and the columns of an INSERT or UPDATE without values; a list of
    them runs the statement once per element. Building a statement costs more than running it, so
    hot ones are built once, as constants of their module, and get parameters; see `prepared`.
    """

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> Answer:
        raise NotImplementedError

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        return (await self.execute(statement, parameters)).all()

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        return (await self.execute(statement, parameters)).first()

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        return (await self.execute(statement, parameters)).scalar()

    async def scalars(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[Any]:
        return [row[0] for row in await self.all(statement, parameters)]

    async def count(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Rows touched by an UPDATE or DELETE."""
        return (await self.execute(statement, parameters)).rowcount


class Tx(Session):
    """A session inside a transaction."""

    def __init__(self) -> None:
        self._after_commit: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the loop once the transaction is durable; never if it is not."""
        self._after_commit.append(callback)

    def committed(self) -> None:
        for callback in self._after_commit:
            callback()


class Database(Protocol):
    """One database; see the package docstring."""

    reader: Session

    async def transact(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn(tx)` and commit once; again on StaleWrite, deadlock or serialization failure."""
        ...

    async def read_apart(self, fn: Callable[[Session], Awaitable[T]]) -> T:
        """Run a long read away from the event loop."""
        ...

    async def close(self) -> None: ...


LOST_RACES = frozenset({"40001", "40P01"})
"""SQLSTATE of serialization failure and deadlock."""
ATTEMPTS = 12
"""Runs of one transaction before its race counts as lost."""

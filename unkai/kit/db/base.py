"""What a store sees of the database, whichever one it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import CursorResult, MetaData, Row
from sqlalchemy.sql.base import Executable

metadata = MetaData()
"""Every table of every service; `store/schema.py` modules declare theirs on it."""

T = TypeVar("T")
AnyRow = Row[Any]


class StaleWrite(Exception):
    """A row was changed by somebody else since it was read (a generation moved).

    Raised by a store inside a transaction; `Database.transact` then runs the transaction again.
    """


class Session:
    """Statements, one after the other; subclasses say where they run."""

    async def execute(
        self, statement: Executable, parameters: Sequence[dict[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run one statement; with `parameters`, once per element."""
        raise NotImplementedError

    async def all(self, statement: Executable) -> Sequence[AnyRow]:
        return (await self.execute(statement)).all()

    async def first(self, statement: Executable) -> AnyRow | None:
        return (await self.execute(statement)).first()

    async def scalar(self, statement: Executable) -> Any:
        return (await self.execute(statement)).scalar()

    async def scalars(self, statement: Executable) -> Sequence[Any]:
        return (await self.execute(statement)).scalars().all()

    async def count(self, statement: Executable) -> int:
        """Rows touched by an UPDATE or DELETE."""
        return (await self.execute(statement)).rowcount


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


ATTEMPTS = 12
"""Runs of one transaction before its race counts as lost."""

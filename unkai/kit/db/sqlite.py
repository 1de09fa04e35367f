"""SQLite: statements run in the loop, COMMIT in a thread, waiting transactions share one COMMIT.

A statement takes some tens of microseconds, a durable COMMIT a millisecond or more. So
transactions queue for one writer task: it runs all that wait, each in a savepoint of its own, and
makes them durable together (group commit); whoever waits is answered after that. Reads use a second
connection and see only what is durable. One process owns the file, by a lock beside it.

A transaction's coroutine is stepped by hand: it must finish without ever suspending, which proves
that it awaits nothing but its statements.
"""

from __future__ import annotations

import asyncio
import contextvars
import fcntl
import os
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool
from sqlalchemy.sql.base import Executable
from sqlalchemy.util import LRUCache

from unkai.kit.db.base import ATTEMPTS, Answer, Parameters, Session, StaleWrite, Tx
from unkai.kit.db.ddl import script
from unkai.kit.db.prepared import Hook, PreparedStatements
from unkai.kit.errors import Unavailable

T = TypeVar("T")
BATCH = 64
CACHED = 1024
"""Statements that SQLite itself keeps parsed, per connection."""
COMPILED = 1000
"""Statements whose compiled form is kept, by all connections of a process together."""


def _engine(path: str) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=CACHED
        )
        for pragma in (
            "journal_mode=wal",
            "synchronous=full",
            "foreign_keys=on",
            "busy_timeout=10000",
            "cache_size=-16000",
            "temp_store=memory",
        ):
            connection.execute(f"pragma {pragma}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)
    engine.dialect = _dialect()
    return engine


@cache
def _dialect() -> Dialect:
    """Every engine's, so that what was compiled for one serves all of them."""
    engine = create_engine("sqlite://", poolclass=NullPool)
    engine.connect().close()  # it learns about SQLite then
    return engine.dialect


@cache
def _compiled() -> LRUCache[Any, Any]:
    return LRUCache(COMPILED)


def _connection(engine: Engine) -> Connection:
    return engine.connect().execution_options(
        isolation_level="AUTOCOMMIT", compiled_cache=_compiled()
    )


def _raw(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


@cache
def _prepared() -> PreparedStatements:
    return PreparedStatements(_dialect())


class _Statements:
    def __init__(self, connection: Connection, hooks: Sequence[Hook] = ()) -> None:
        self._connection = connection
        self._sqlite = _raw(connection)
        self._hooks = hooks

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> Answer:
        answer = _prepared().run(self._sqlite, statement, parameters, self._hooks)
        if answer is not None:
            return answer
        return cast("Answer", self._connection.execute(statement, parameters))


class _Reader(_Statements, Session): ...


class _WriteTx(_Statements, Tx):
    def __init__(self, connection: Connection, hooks: Sequence[Hook]) -> None:
        _Statements.__init__(self, connection, hooks)
        Tx.__init__(self)


class _Job:
    """One waiting transaction."""

    def __init__(self, fn: Callable[[Tx], Awaitable[Any]]) -> None:
        self.fn = fn
        self.context = contextvars.copy_context()
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.attempts = 0
        self.result: Any = None
        self.tx: _WriteTx | None = None


def finish_without_suspending(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that must not suspend; AssertionError if it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("a transaction awaited something else than its own statements")


class SqliteDatabase:
    """See the module docstring. `path` is a file; its folder must exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock_fd)
            raise Unavailable(
                f"The database {path} is in use by another process.",
                code="database-in-use",
                remedy="Stop that process, or choose another --state-dir.",
            ) from error
        self._write_engine = _engine(str(path))
        self._writer = _connection(self._write_engine)
        self._raw = _raw(self._writer)
        self._hooks: list[Hook] = []
        self._read_engine = _engine(str(path))
        self._read_connection = _connection(self._read_engine)
        self.reader: Session = _Reader(self._read_connection, self._hooks)
        self._queue: deque[_Job] = deque()
        self._worker: asyncio.Task[None] | None = None

    def create_tables(self) -> bool:
        """Make the tables of a fresh database; False if they are there."""
        tables = self._raw.execute("select count(*) from sqlite_master").fetchone()[0]
        if tables:
            return False
        self._raw.executescript(f"begin immediate;\n{script('sqlite://')};\ncommit")
        return True

    def on_statement(self, hook: Hook) -> None:
        """Call `hook(sql)` before each statement, for tests that count queries."""

        def before(_c: Any, _cur: Any, sql: str, *_rest: Any) -> None:
            hook(sql)

        for engine in (self._write_engine, self._read_engine):
            event.listen(engine, "before_cursor_execute", before)
        self._hooks.append(hook)

    async def transact(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        job = _Job(fn)
        self._queue.append(job)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await asyncio.shield(job.future)

    async def _work(self) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            try:
                done = self._run_batch(batch)
                await asyncio.to_thread(self._raw.execute, "commit")
            except BaseException as error:
                if self._raw.in_transaction:
                    self._raw.execute("rollback")
                for job in batch:
                    if job not in self._queue and not job.future.done():
                        job.future.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for job in done:
                assert job.tx is not None
                job.tx.committed()
                if not job.future.done():
                    job.future.set_result(job.result)

    def _run_batch(self, batch: list[_Job]) -> list[_Job]:
        self._raw.execute("begin immediate")
        done: list[_Job] = []
        for job in batch:
            self._raw.execute("savepoint job")
            job.tx = _WriteTx(self._writer, self._hooks)
            try:
                coroutine = cast("Coroutine[Any, Any, Any]", job.fn(job.tx))
                job.result = job.context.run(finish_without_suspending, coroutine)
            except StaleWrite as error:
                self._raw.execute("rollback to job")
                job.attempts += 1
                if job.attempts < ATTEMPTS:
                    self._queue.append(job)
                else:
                    job.future.set_exception(error)
            except Exception as error:
                if not self._raw.in_transaction:
                    raise
                self._raw.execute("rollback to job")
                job.future.set_exception(error)
            else:
                done.append(job)
            self._raw.execute("release job")
        return done

    async def read_apart(self, fn: Callable[[Session], Awaitable[T]]) -> T:
        def run() -> T:
            engine = _engine(str(self._path))
            try:
                with _connection(engine) as connection:
                    coroutine = cast("Coroutine[Any, Any, T]", fn(_Reader(connection)))
                    return finish_without_suspending(coroutine)
            finally:
                engine.dispose()

        return await asyncio.to_thread(run)

    async def close(self) -> None:
        if self._worker is not None and not self._worker.done():
            await self._worker
        for connection, engine in (
            (self._writer, self._write_engine),
            (self._read_connection, self._read_engine),
        ):
            connection.close()
            engine.dispose()
        os.close(self._lock_fd)

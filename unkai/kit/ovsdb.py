"""An asyncio OVSDB client (RFC 7047, monitor_cond) that keeps a replica of the tables it watches.

`Ovsdb` connects and stays connected: after a lost connection it asks for everything again, tells
the watchers what differs, and goes on. Readers look at `rows(table)` without waiting; writers
build a `Transaction` and `commit` it. The server sends our own changes before it answers the
transaction, so after `commit` the replica holds them. Columns and tables that the server's schema
does not have are left out of monitors and writes, so one program talks to older and newer servers.

Rejected: ovsdbapp (a blocking library with a thread, 72 ms to connect).
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import itertools
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from unkai.kit.clock import Clock
from unkai.kit.log import log
from unkai.kit.ovsdb_rows import OvsdbError, Row, Schema, Transaction, Wire, parse_schema

_MONITOR: Final = "unkai"
_RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

Watcher = Callable[[str, Row | None, Row | None], None]
T = TypeVar("T")


class OvsdbGone(OvsdbError):
    """There is no connection, or it ended before the answer: the outcome is unknown."""

    def __init__(self, details: str) -> None:
        super().__init__("not connected", details)


class Ovsdb:
    """A connection to one database of an OVSDB server, with a replica of chosen tables.

    remote: "unix:PATH", "tcp:HOST:PORT" or "ssl:HOST:PORT", several separated by commas.
    tables: table to the columns to watch; () means every column.
    probe_s: after this long without a word the server is asked for one, after twice that it counts
    as gone.
    """

    def __init__(
        self,
        remote: str,
        database: str,
        tables: Mapping[str, Sequence[str]],
        *,
        clock: Clock,
        ssl_context: ssl.SSLContext | None = None,
        probe_s: float = 5.0,
    ) -> None:
        self.remote = remote
        self.database = database
        self.schema: Schema = {}
        self.connections = 0  # how often a connection was made: a reader may notice a resync
        self._wanted = {table: tuple(columns) for table, columns in tables.items()}
        self._clock = clock
        self._ssl = ssl_context
        self._probe_s = probe_s
        self._tables: dict[str, dict[str, Row]] = {}
        self._watchers: dict[str, list[Watcher]] = {}
        self._conditions: list[Callable[[], None]] = []
        self._pending: dict[object, tuple[asyncio.Future[Wire], Callable[[Wire], None] | None]] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._why_gone = "never connected"

    # --- life

    async def start(self, *, timeout_s: float = 10.0) -> None:
        """Connect and wait for the first replica. Raises OvsdbGone when the deadline passes."""
        if self._task is None:
            self._task = asyncio.create_task(self._stay_connected(), name=f"ovsdb {self.database}")
        try:
            await self.connected(timeout_s=timeout_s)
        except OvsdbGone:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close for good."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @property
    def is_connected(self) -> bool:
        return self._ready.is_set()

    async def connected(self, *, timeout_s: float) -> None:
        """Wait until the replica is live. Raises OvsdbGone when the deadline passes."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            raise OvsdbGone(f"{self.remote}: {self._why_gone}") from None

    # --- reading

    def rows(self, table: str) -> dict[str, Row]:
        """The replica of a table: UUID to row. Read it, do not change it."""
        return self._tables.get(table, {})

    def row(self, table: str, uuid: str) -> Row | None:
        return self._tables.get(table, {}).get(uuid)

    def watch(self, table: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher(uuid, old, new)` after each change of a row; returns the way to stop it.

        Watchers are called in the event loop, must not block, and see a replica that holds the
        whole update. After a reconnect they hear of what differs from before.
        """
        watchers = self._watchers.setdefault(table, [])
        watchers.append(watcher)
        return lambda: watchers.remove(watcher)

    async def until(self, predicate: Callable[[], T | None], timeout_s: float) -> T:
        """Wait for `predicate` to return something true; it is asked after every update.

        Raises TimeoutError when the deadline passes.
        """
        if found := predicate():
            return found
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def check() -> None:
            if result.done():
                return
            try:
                answer = predicate()
            except Exception as error:  # noqa: BLE001  # raised to the one who waits
                result.set_exception(error)
                return
            if answer:
                result.set_result(answer)

        self._conditions.append(check)
        try:
            async with asyncio.timeout(timeout_s):
                return await result
        finally:
            self._conditions.remove(check)

    # --- writing

    def transaction(self) -> Transaction:
        """A new empty transaction. Raises OvsdbGone before the first connection."""
        if not self.schema:
            raise OvsdbGone(f"{self.remote}: {self._why_gone}")
        return Transaction(self.schema)

    async def commit(self, transaction: Transaction, *, timeout_s: float = 30.0) -> list[Wire]:
        """Commit all operations or none; returns their results.

        Raises OvsdbError with the server's words, OvsdbGone where the connection is lost (then it
        is unknown whether the transaction was committed).
        """
        if not transaction.operations:
            return []
        await self.connected(timeout_s=timeout_s)
        results = await self.call("transact", [self.database, *transaction.operations], timeout_s)
        for result in results:
            if result and result.get("error"):
                raise OvsdbError(str(result["error"]), str(result.get("details", "")))
        return cast("list[Wire]", results)

    async def call(
        self,
        method: str,
        params: list[Wire],
        timeout_s: float = 30.0,
        then: Callable[[Wire], None] | None = None,
    ) -> Wire:
        """One JSON-RPC request; `then` sees its result before the next message is read.

        Raises OvsdbError, OvsdbGone.
        """
        writer = self._writer
        if writer is None:
            raise OvsdbGone(f"{self.remote}: {self._why_gone}")
        number = next(self._numbers)
        answer: asyncio.Future[Wire] = asyncio.get_running_loop().create_future()
        self._pending[number] = (answer, then)
        try:
            _send(writer, {"method": method, "params": params, "id": number})
            async with asyncio.timeout(timeout_s):
                await writer.drain()
                return await answer
        except TimeoutError:
            raise OvsdbGone(f"{self.remote}: no answer to {method} in {timeout_s} s") from None
        except ConnectionError as error:
            raise OvsdbGone(f"{self.remote}: {error}") from error
        finally:
            self._pending.pop(number, None)

    # --- the connection

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            for remote in self.remote.split(","):
                try:
                    await self._connection(remote)
                    failures = 0
                except Exception as error:  # noqa: BLE001  # whatever it is: connect again
                    self._why_gone = str(error) or type(error).__name__
                    if self._ready.is_set():
                        failures = 0
                        log.warning("ovsdb.lost", remote=remote, why=self._why_gone)
                finally:
                    self._drop()
            await self._clock.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1

    async def _connection(self, remote: str) -> None:
        """Connect, fetch the schema and the tables, then read until the connection ends."""
        reader, writer = await self._open(remote)
        self._writer = writer
        reading = asyncio.create_task(self._read(reader), name=f"ovsdb {self.database} reader")
        setting_up = asyncio.create_task(self._set_up())
        try:
            await asyncio.wait({reading, setting_up}, return_when=asyncio.FIRST_COMPLETED)
            if setting_up.done():
                setting_up.result()
            await reading
        finally:
            setting_up.cancel()
            reading.cancel()
            await asyncio.gather(reading, setting_up, return_exceptions=True)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _open(self, remote: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        kind, _, where = remote.strip().partition(":")
        opening: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        if kind == "unix":
            opening = asyncio.open_unix_connection(where)
        elif kind in ("tcp", "ssl"):
            host, _, port = where.rpartition(":")
            context = self._ssl if kind == "ssl" else None
            opening = asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
        else:
            raise ValueError(f"{remote!r} is not unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT")
        async with asyncio.timeout(2 * self._probe_s):
            return await opening

    async def _set_up(self) -> None:
        self.schema = parse_schema(await self.call("get_schema", [self.database]))
        wanted: dict[str, Wire] = {}
        for table, columns in self._wanted.items():
            if known := self.schema.get(table):
                kept = [column for column in columns or known if column in known]
                wanted[table] = [{"columns": kept}]
        # The replica is filled by the reader itself, so that no update slips in before it.
        await self.call("monitor_cond", [self.database, _MONITOR, wanted], then=self._replace)
        self.connections += 1
        self._ready.set()
        self._check_conditions()

    def _drop(self) -> None:
        self._ready.clear()
        self._writer = None
        for answer, _ in self._pending.values():
            if not answer.done():
                answer.set_exception(OvsdbGone(f"{self.remote}: the connection ended"))
        self._pending.clear()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Read concatenated JSON objects; they carry no framing, but each ends with a brace."""
        text, decode = codecs.getincrementaldecoder("utf-8")(), json.JSONDecoder().raw_decode
        buffer = ""
        silent = False
        while True:
            try:
                async with asyncio.timeout(self._probe_s):
                    data = await reader.read(1 << 20)
            except TimeoutError:
                if silent:
                    raise OvsdbGone(f"silent for {2 * self._probe_s} s") from None
                silent = True
                self._probe()
                continue
            if not data:
                raise OvsdbGone("the server closed the connection")
            silent = False
            buffer += text.decode(data)
            if not buffer.endswith("}"):
                continue
            position = 0
            while position < len(buffer):
                try:
                    message, position = decode(buffer, position)
                except json.JSONDecodeError:
                    break
                self._receive(message)
            buffer = buffer[position:]

    def _probe(self) -> None:
        if self._writer is not None:
            _send(self._writer, {"method": "echo", "params": [], "id": "echo"})

    def _receive(self, message: dict[str, Wire]) -> None:
        method = message.get("method")
        if method == "echo" and self._writer is not None:
            answer = {"result": message["params"], "error": None, "id": message["id"]}
            _send(self._writer, answer)
        elif method == "update2":
            self._apply(message["params"][1])
        elif (waiting := self._pending.get(message.get("id"))) is not None:
            answer, then = waiting
            if answer.done():
                return
            if error := message.get("error"):
                answer.set_exception(_as_error(error))
                return
            if then is not None:
                then(message["result"])
            answer.set_result(message["result"])

    # --- the replica

    def _apply(self, update: dict[str, dict[str, Wire]]) -> None:
        changes: list[tuple[str, str, Row | None, Row | None]] = []
        for table, rows in update.items():
            replica = self._tables.setdefault(table, {})
            columns = self.schema[table]
            for uuid, change in rows.items():
                old = replica.get(uuid)
                if "delete" in change:
                    replica.pop(uuid, None)
                    changes.append((table, uuid, old, None))
                    continue
                if "modify" in change and old is not None:
                    new = Row(old)
                    for name, wire in change["modify"].items():
                        new[name] = columns[name].apply(old.get(name), wire)
                else:
                    new = self._new_row(table, change.get("insert", change.get("initial", {})))
                replica[uuid] = new
                changes.append((table, uuid, old, new))
        self._announce(changes)

    def _replace(self, initial: dict[str, dict[str, Wire]]) -> None:
        before = self._tables
        self._tables = {
            table: {uuid: self._new_row(table, row["initial"]) for uuid, row in rows.items()}
            for table, rows in initial.items()
        }
        changes: list[tuple[str, str, Row | None, Row | None]] = []
        for table in {*before, *self._tables}:
            olds, news = before.get(table, {}), self._tables.get(table, {})
            changes.extend(
                (table, uuid, olds.get(uuid), news.get(uuid))
                for uuid in {*olds, *news}
                if olds.get(uuid) != news.get(uuid)
            )
        self._announce(changes)

    def _new_row(self, table: str, wire: Wire) -> Row:
        columns = self.schema[table]
        wanted = self._wanted[table] or tuple(columns)
        return Row(
            (name, columns[name].decode(wire[name]) if name in wire else columns[name].default)
            for name in wanted
            if name in columns
        )

    def _announce(self, changes: list[tuple[str, str, Row | None, Row | None]]) -> None:
        for table, uuid, old, new in changes:
            for watcher in tuple(self._watchers.get(table, ())):
                watcher(uuid, old, new)
        self._check_conditions()

    def _check_conditions(self) -> None:
        for check in tuple(self._conditions):
            check()


def _as_error(wire: Wire) -> OvsdbError:
    if isinstance(wire, dict):
        fields = cast("dict[str, object]", wire)
        return OvsdbError(str(fields.get("error")), str(fields.get("details", "")))
    return OvsdbError(str(wire))


def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message, separators=(",", ":")).encode())

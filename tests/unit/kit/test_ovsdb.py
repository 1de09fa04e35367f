"""The OVSDB client against a real ovsdb-server with a small schema of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from unkai.kit.clock import Clock
from unkai.kit.ovsdb import Ovsdb, OvsdbError, OvsdbGone
from unkai.kit.ovsdb_rows import Row

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("ovsdb-server") is None, reason="needs ovsdb-server"),
]

TEXT_MAP = {"key": "string", "value": "string", "min": 0, "max": "unlimited"}
SCHEMA = {
    "name": "Park",
    "version": "1.0.0",
    "tables": {
        "Tree": {
            "columns": {
                "name": {"type": "string"},
                "height": {"type": {"key": "integer", "min": 0, "max": 1}},
                "birds": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
                "notes": {"type": TEXT_MAP},
                "felled": {"type": "boolean"},
            },
            "indexes": [["name"]],
            "isRoot": True,
        },
        "Grove": {
            "columns": {
                "name": {"type": "string"},
                "trees": {
                    "type": {
                        "key": {"type": "uuid", "refTable": "Tree", "refType": "weak"},
                        "min": 0,
                        "max": "unlimited",
                    }
                },
            },
            "isRoot": True,
        },
    },
}
TABLES = {"Tree": (), "Grove": ("name", "trees", "a column of a later release")}


class Server:
    """An ovsdb-server that a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        self.remote = f"unix:{folder}/db.sock"
        self.folder = folder
        schema = folder / "park.schema"
        schema.write_text(json.dumps(SCHEMA))
        subprocess.run(["ovsdb-tool", "create", folder / "park.db", schema], check=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            "ovsdb-server",
            "park.db",
            f"--remote=punix:{self.folder}/db.sock",
            f"--unixctl={self.folder}/ctl",
        ]
        command += ["-vconsole:off", "-vsyslog:off", "--no-chdir"]
        self.process = subprocess.Popen(command, cwd=self.folder)

    def fell(self, name: str) -> None:
        """Delete a tree behind everybody's back, while the server is down."""
        operation = {"op": "delete", "table": "Tree", "where": [["name", "==", name]]}
        command = ["ovsdb-tool", "transact", self.folder / "park.db"]
        subprocess.run(
            [*command, json.dumps(["Park", operation])], check=True, stdout=subprocess.DEVNULL
        )

    def signal(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        (self.folder / "db.sock").unlink(missing_ok=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ut-") as folder:
        made = Server(Path(folder))
        made.start()
        yield made
        made.stop()


@pytest.fixture
async def park(server: Server) -> AsyncIterator[Ovsdb]:
    client = Ovsdb(server.remote, "Park", TABLES, clock=Clock(), probe_s=0.2)
    await client.start()
    yield client
    await client.stop()


async def plant(park: Ovsdb, name: str, **columns: Any) -> str:
    transaction = park.transaction()
    transaction.insert("Tree", {"name": name, **columns})
    [result] = await park.commit(transaction)
    return str(result["uuid"][1])


async def test_a_committed_row_is_in_the_replica_at_once(park: Ovsdb) -> None:
    oak = await plant(park, "oak", height=12, birds=["jay", "owl"], notes={"by": "A"}, colour="x")

    row = park.row("Tree", oak)

    assert row is not None
    assert row.text("name") == "oak"
    assert row.number("height") == 12
    assert row.texts("birds") == {"jay", "owl"}
    assert row.map("notes") == {"by": "A"}
    assert not row.flag("felled")


async def test_columns_left_out_have_the_defaults_of_the_schema(park: Ovsdb) -> None:
    row = park.row("Tree", await plant(park, "ash"))

    assert row is not None
    assert (row["height"], row["birds"], row["notes"]) == (None, frozenset(), {})


async def test_updates_and_mutations_change_sets_and_maps(park: Ovsdb) -> None:
    oak = await plant(park, "oak", birds=["jay", "owl"], notes={"by": "A", "on": "Monday"})
    change = park.transaction()
    change.mutate("Tree", oak, "birds", "insert", ["tit"])
    change.mutate("Tree", oak, "birds", "delete", ["owl"])
    change.mutate("Tree", {"name": "oak"}, "notes", "delete", ["on"])
    change.update("Tree", oak, {"height": 3})
    await park.commit(change)
    row = park.row("Tree", oak)
    assert row is not None
    assert row.texts("birds") == {"jay", "tit"}
    assert row.map("notes") == {"by": "A"}
    assert row.number("height") == 3

    change = park.transaction()
    change.update("Tree", oak, {"height": None, "birds": [], "notes": {"by": "B", "of": "C"}})
    await park.commit(change)
    row = park.row("Tree", oak)
    assert row is not None
    assert (row["height"], row["birds"]) == (None, frozenset())
    assert row.map("notes") == {"by": "B", "of": "C"}

    change = park.transaction()
    change.delete("Tree", oak)
    await park.commit(change)
    assert park.row("Tree", oak) is None


async def test_rows_of_one_transaction_refer_to_each_other(park: Ovsdb) -> None:
    change = park.transaction()
    elm = change.insert("Tree", {"name": "elm"})
    change.insert("Grove", {"name": "north", "trees": [elm]})
    place = change.select("Grove", {}, ["name"])
    results = await park.commit(change)

    [grove] = park.rows("Grove").values()
    assert grove.texts("trees") == set(park.rows("Tree"))
    assert results[place]["rows"] == [{"name": "north"}]


async def test_a_refused_transaction_changes_nothing(park: Ovsdb) -> None:
    await plant(park, "oak")
    change = park.transaction()
    change.insert("Tree", {"name": "elm"})
    change.insert("Tree", {"name": "oak"})

    with pytest.raises(OvsdbError, match="constraint violation") as caught:
        await park.commit(change)

    assert caught.value.error == "constraint violation"
    assert len(park.rows("Tree")) == 1


async def test_a_wait_that_does_not_hold_refuses_the_transaction(park: Ovsdb) -> None:
    oak = await plant(park, "oak", height=1)
    change = park.transaction()
    change.wait("Tree", oak, {"height": 2}, timeout_s=0)
    change.update("Tree", oak, {"height": 3})

    with pytest.raises(OvsdbError, match="timed out"):
        await park.commit(change)


async def test_watchers_see_old_and_new(server: Server, park: Ovsdb) -> None:
    seen: list[tuple[Row | None, Row | None]] = []
    stop = park.watch("Tree", lambda _, old, new: seen.append((old, new)))
    other = Ovsdb(server.remote, "Park", {}, clock=Clock())
    await other.start()
    oak = await plant(other, "oak")
    await park.until(lambda: park.row("Tree", oak), timeout_s=5)
    change = other.transaction()
    change.update("Tree", oak, {"felled": True})
    await other.commit(change)
    await park.until(lambda: park.rows("Tree")[oak].flag("felled"), timeout_s=5)
    stop()
    await plant(park, "elm")
    await other.stop()

    assert [old is None for old, _ in seen] == [True, False]
    old, new = seen[1]
    assert old is not None and not old.flag("felled")
    assert new is not None and new.flag("felled")


async def test_until_gives_up_at_its_deadline(park: Ovsdb) -> None:
    with pytest.raises(TimeoutError):
        await park.until(lambda: park.rows("Tree"), timeout_s=0.05)


async def test_a_restarted_server_is_found_again_and_differences_are_told(
    server: Server, park: Ovsdb
) -> None:
    gone: list[str] = []
    oak, elm = await plant(park, "oak"), await plant(park, "elm")
    park.watch("Tree", lambda uuid, _, new: gone.append(uuid) if new is None else None)
    server.stop()
    await wait_for_loss(park)
    server.fell("oak")
    server.start()

    await park.until(lambda: park.connections == 2, timeout_s=5)

    assert gone == [oak]
    assert set(park.rows("Tree")) == {elm}
    await plant(park, "ash")


async def test_a_silent_server_counts_as_gone(server: Server, park: Ovsdb) -> None:
    server.signal(signal.SIGSTOP)
    change = park.transaction()
    change.insert("Tree", {"name": "oak"})

    with pytest.raises(OvsdbGone):
        await park.commit(change)
    server.signal(signal.SIGCONT)

    await park.connected(timeout_s=5)


async def test_without_a_server_start_names_the_remote(tmp_path: Path) -> None:
    client = Ovsdb(f"unix:{tmp_path}/none", "Park", TABLES, clock=Clock())

    with pytest.raises(OvsdbGone, match="none"):
        await client.start(timeout_s=0.1)
    with pytest.raises(OvsdbGone):
        client.transaction()


async def test_a_thousand_rows_travel_in_one_transaction(park: Ovsdb) -> None:
    change = park.transaction()
    for number in range(1000):
        change.insert("Tree", {"name": f"tree {number} äöü {{", "birds": ["a", "b"]})
    await park.commit(change)

    assert len(park.rows("Tree")) == 1000


async def wait_for_loss(park: Ovsdb) -> None:
    clock = Clock()
    for _ in range(200):
        if not park.is_connected:
            return
        await clock.sleep(0.02)
    raise AssertionError("the client never noticed")

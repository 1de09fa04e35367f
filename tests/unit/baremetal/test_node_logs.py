"""What machines said: bounded files, notable lines, agents' archives."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
from pathlib import Path

from unkai.baremetal.drivers.agent_logs import readable
from unkai.baremetal.drivers.console_lines import LINES_AT_ONCE, NotableLines
from unkai.baremetal.drivers.node_logs import BEFORE, CONSOLE, FAILED, NodeLogs

NODE = "4f1d2c3b-0000-4000-8000-000000000001"


def test_a_machine_that_never_stops_talking_fills_no_disk(tmp_path: Path) -> None:
    logs = NodeLogs(tmp_path, most_bytes=2000)
    for number in range(1000):
        logs.append(NODE, CONSOLE, b"line %06d\n" % number)

    said = logs.read(NODE, CONSOLE)

    assert 1000 <= len(said) <= 2100
    assert said.endswith(b"line 000999\n")
    assert said.count(b"\n") == len(said) // 12  # whole, and in order
    (shown,) = logs.list(NODE)
    assert shown.size_bytes == len(said)


def test_each_use_of_a_machine_has_a_page_of_its_own(tmp_path: Path) -> None:
    logs = NodeLogs(tmp_path)
    logs.append(NODE, CONSOLE, b"the first tenant's\n")
    logs.keep_failure(NODE)
    logs.turn_page(NODE)
    logs.turn_page(NODE)  # as after a crash
    logs.append(NODE, CONSOLE, b"the second tenant's\n")

    assert logs.read(NODE, CONSOLE) == b"the second tenant's\n"
    assert logs.read(NODE, BEFORE) == logs.read(NODE, FAILED) == b"the first tenant's\n"
    assert {log.name for log in logs.list(NODE)} == {CONSOLE, BEFORE, FAILED}


def test_logs_go_with_their_node_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    logs = NodeLogs(tmp_path / "machines")
    logs.forget(set())
    logs.append(NODE, CONSOLE, b"x")
    path = tmp_path / "machines" / NODE
    assert path.stat().st_mode & 0o077 == (path / "console.log").stat().st_mode & 0o077 == 0
    logs.forget({NODE})
    assert logs.read(NODE, CONSOLE) == b"x"
    logs.forget(set())
    assert logs.list(NODE) == [] and not path.exists()


def test_the_timeline_gets_the_lines_that_tell_something() -> None:
    lines = NotableLines()
    lines.feed(b"\x1b[2J\x1b[01;01Hi", 1.0)
    lines.feed(b"PXE 1.21.1+ -- Open Source Network Boot Firmware\r\nnothing\r\n", 2.0)
    lines.feed(b"[    0.0] Linux version 6.1.0\r\n[    0.0] Linux version 6.1.0\r\n", 3.0)
    lines.feed(b"[agent     2.10] looking this machine up\r\nKernel panic - not", 4.0)

    taken = lines.take()

    assert [line for _, line in taken] == [
        "iPXE 1.21.1+ -- Open Source Network Boot Firmware",
        "[    0.0] Linux version 6.1.0",
        "[agent     2.10] looking this machine up",
    ]
    assert [at for at, _ in taken] == [2.0, 3.0, 4.0]
    lines.feed(b" syncing\r\n", 5.0)
    assert lines.take() == [(5.0, "Kernel panic - not syncing")]


def test_a_machine_that_panics_for_ever_writes_no_book() -> None:
    lines = NotableLines()
    lines.feed(b"".join(b"Call Trace %d\n" % number for number in range(500)), 1.0)
    lines.feed(b"x" * 100_000, 2.0)
    assert len(lines.take()) == LINES_AT_ONCE


def archive(**members: bytes) -> str:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as made:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            made.addfile(entry, io.BytesIO(data))
    return base64.b64encode(file.getvalue()).decode()


def test_an_agents_archive_is_read_as_text() -> None:
    text = readable(archive(log=b"it began\n", dmesg=b"it booted\n"), 1000)
    assert text == b"==> log <==\nit began\n\n==> dmesg <==\nit booted\n\n"


def test_what_an_agent_sends_is_bounded_whatever_it_is() -> None:
    bomb = base64.b64encode(gzip.compress(bytes(100 << 20))).decode()
    assert len(readable(bomb, 1000)) <= 1000
    assert len(readable(archive(log=b"x" * 50_000), 1000)) <= 1000
    cut = base64.b64encode(base64.b64decode(archive(log=b"x" * 5000))[:60]).decode()
    assert len(readable(cut, 1000)) <= 1000
    assert readable("plain words", 1000) == b"plain words"
    assert readable("", 1000) == b""

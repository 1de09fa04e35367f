"""Bad days at the start and at the end: a port that is taken, an `up` cut short, `down` anyhow."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clouds import CHECKOUT, free_port, running_cloud, unkai
from tests.e2e.remains import remains_of
from tests.e2e.visitor import BOOTED, Visitor, runs, until

pytestmark = [pytest.mark.timeout(240)]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a real cloud needs root")


@contextmanager
def somebody_listens() -> Generator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """Of a cloud that the test starts, however it ends; afterwards nothing may be left of it."""
    folder = tmp_path / "cloud"
    yield folder
    unkai("down", "--state-dir", str(folder))
    assert remains_of(folder) == []


def test_a_port_in_use_names_its_holder_and_leaves_nothing(state_dir: Path) -> None:
    words = ["up", "--fake", "--json", "--state-dir", str(state_dir), "--port"]
    with somebody_listens() as port:
        refused = unkai(*words, str(port), check=False)

    assert refused.returncode == 1
    assert f"127.0.0.1:{port} is in use by pid {os.getpid()}" in refused.stderr
    assert "what to do: end that, or choose another: unkai up --port" in refused.stderr
    assert remains_of(state_dir) == []
    assert json.loads(unkai(*words, str(free_port())).stdout)["started"]


def test_an_up_cut_short_is_taken_up_again(state_dir: Path) -> None:
    pid = start_and_interrupt(state_dir)

    again = json.loads(unkai("up", "--json", "--state-dir", str(state_dir)).stdout)

    assert (again["started"], again["pid"]) == (False, pid)


def test_a_cloud_that_still_starts_can_be_stopped(state_dir: Path) -> None:
    pid = start_and_interrupt(state_dir)

    unkai("down", "--state-dir", str(state_dir))

    assert not runs(pid)
    assert remains_of(state_dir) == []


def start_and_interrupt(state_dir: Path) -> int:
    """The pid of a cloud whose `up` was killed as soon as the cloud said who it is."""
    words = ["up", "--fake", "--state-dir", str(state_dir), "--port", str(free_port())]
    with subprocess.Popen(
        [sys.executable, "-m", "unkai", *words],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as up:
        told = state_dir / "cloud.json"
        until(told.exists, seconds=30, what="the cloud says who it is", pause_s=0.001)
        up.send_signal(signal.SIGKILL)
    return int(json.loads(told.read_text())["pid"])


def test_down_of_nothing_says_so(tmp_path: Path) -> None:
    for _ in range(2):
        done = unkai("down", "--state-dir", str(tmp_path / "none"))
        assert "Nothing of a cloud" in done.stdout
    assert not (tmp_path / "none").exists()


@needs_root
@pytest.mark.parametrize("before", ["running", "killed", "killed in a boot"])
def test_down_leaves_nothing(tmp_path: Path, before: str) -> None:
    folder, links = tmp_path / "cloud", set(os.listdir("/sys/class/net"))
    with running_cloud(folder, fake=False) as cloud:
        visitor = Visitor(cloud)
        server_id = visitor.boot("stays")
        visitor.says(server_id, BOOTED)
        qemu = json.loads((folder / "guests/machines" / server_id / "process.json").read_text())
        assert runs(qemu["pid"])
        if before == "killed in a boot":
            late = visitor.ask_for_server("in the middle")
            sign = folder / "guests/machines" / late / "process.json"
            until(sign.exists, seconds=60, what="a process", pause_s=0.001)
        visitor.close()
        if before != "running":
            os.kill(cloud.pid, signal.SIGKILL)
        assert len(remains_of(folder)) > 8

        said = unkai("down", "--state-dir", str(folder)).stdout
        assert "nothing stays behind" in said
        assert remains_of(folder) == []
        assert not runs(qemu["pid"])
        assert set(os.listdir("/sys/class/net")) <= links
        assert "Nothing of a cloud" in unkai("down", "--state-dir", str(folder)).stdout
    assert list(tmp_path.iterdir()) == []


def test_tokens_that_are_wrong_or_old(tmp_path: Path) -> None:
    folder = tmp_path / "cloud"
    folder.mkdir()
    (folder / "unkai.toml").write_text("[identity]\ntoken_lifetime_s = 3\n")
    paths = (
        "/identity/v3/projects",
        "/image/v2/images",
        "/network/v2.0/networks",
        "/placement/resource_providers",
        "/compute/v2.1/servers",
        "/unkai/v1/audit",
    )
    with running_cloud(folder, fake=True) as cloud:
        visitor = Visitor(cloud, "unkai")
        for path in paths:
            visitor.ask("GET", path, status=200)
        good = visitor.token
        for wrong in ("nonsense", good[:-8] + "AAAAAAA=", "gAAAAA" + "B" * 300):
            visitor.token = wrong
            for path in paths:
                answer = visitor.ask("GET", path, status=401)
                assert "WWW-Authenticate" in answer.headers, path
        visitor.token = good
        for path in paths:
            until(
                lambda path=path: visitor.ask("GET", path).status_code == 401,
                seconds=10,
                what=f"{path} refuses the old token",
            )
        visitor.close()

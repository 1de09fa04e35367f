"""Bad days of a real cloud: it is killed, its guests are killed, its daemons are killed.

One server, the bystander, is up all the time and must never notice.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clouds import running_cloud
from tests.e2e.visitor import BOOTED, Disturbed, Visitor, runs, until

pytestmark = [pytest.mark.xdist_group("bad days"), pytest.mark.timeout(240)]
QEMU = "qemu-system-x86_64"
DAEMONS = (
    "ovsdb-switch",
    "ovsdb-north",
    "ovsdb-south",
    "ovs-vswitchd",
    "ovn-northd",
    "ovn-controller",
)


@dataclass
class Bystander:
    server_id: str
    address: str
    pid: int


@pytest.fixture(scope="module")
def broken_qemu() -> Iterator[Path]:
    """A QEMU that refuses to start as long as the file stands; readable for the guests' users."""
    folder = Path(tempfile.mkdtemp(prefix="unkai-test-"))
    folder.chmod(0o755)
    flag, program = folder / "broken", folder / QEMU
    program.write_text(
        f"#!/bin/sh\n[ ! -e {flag} ] || {{ echo 'cannot allocate memory' >&2; exit 1; }}\n"
        f'exec {shutil.which(QEMU)} "$@"\n'
    )
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        yield flag
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory, broken_qemu: Path) -> Iterator[Disturbed]:
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    folder = tmp_path_factory.mktemp("bad-days")
    with running_cloud(folder / "cloud", fake=False) as cloud:
        yield Disturbed(cloud)
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def bystander(disturbed: Disturbed) -> Bystander:
    """The first server, which answers SSH at its floating IP."""
    first = disturbed.cloud.unkai_json("first-server")
    return Bystander(first["server"], first["address"], disturbed.qemu(first["server"]))


@pytest.fixture
def visitor(disturbed: Disturbed, bystander: Bystander) -> Iterator[Visitor]:
    made = Visitor(disturbed.cloud)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_noticed(disturbed: Disturbed, bystander: Bystander) -> Iterator[None]:
    """After each test the audit is clean, and the bystander is what it was."""
    yield
    assert disturbed.leftovers() == []
    after = Visitor(disturbed.cloud)
    try:
        assert after.server(bystander.server_id)["status"] == "ACTIVE"
        assert after.console(bystander.server_id).count(BOOTED) == 1
    finally:
        after.close()
    assert disturbed.qemu(bystander.server_id) == bystander.pid
    assert runs(bystander.pid)
    disturbed.answers_ping(bystander.address)


def boots_once(disturbed: Disturbed, server_id: str) -> None:
    """It is ACTIVE and its kernel runs; then it is deleted."""
    visitor = Visitor(disturbed.cloud)
    try:
        visitor.reach(server_id, "ACTIVE")
        visitor.says(server_id, BOOTED)
        assert visitor.console(server_id).count(BOOTED) == 1
        visitor.delete(server_id)
        visitor.gone(server_id)
    finally:
        visitor.close()
    assert not disturbed.machine(server_id).exists()


# --- the cloud is killed


@pytest.mark.parametrize("place", ["machine.json", "process.json"])
def test_killed_in_the_middle_of_a_boot(disturbed: Disturbed, visitor: Visitor, place: str) -> None:
    server_id = visitor.ask_for_server(f"killed at {place}")
    sign = disturbed.machine(server_id) / place
    until(sign.exists, seconds=60, what=place, pause_s=0.001)

    disturbed.kill()
    disturbed.up()

    boots_once(disturbed, server_id)


def test_killed_while_the_image_is_fetched(disturbed: Disturbed, visitor: Visitor) -> None:
    data = visitor.ask("GET", f"/image/v2/images/{visitor.image_id()}/file", status=200).content
    image_id, status = visitor.upload("a copy", data)
    assert status == 204
    server_id = visitor.ask_for_server("killed at the image", imageRef=image_id)
    cache = disturbed.guests / "images"
    until(
        lambda: [*cache.glob(".part-*"), *cache.glob(image_id)],
        seconds=60,
        what="a fetch",
        pause_s=0.001,
    )

    disturbed.kill()
    disturbed.up()

    boots_once(disturbed, server_id)
    again = Visitor(disturbed.cloud)
    again.ask("DELETE", f"/image/v2/images/{image_id}", status=204)
    again.close()
    until(lambda: not list(cache.glob(f"{image_id}*")), seconds=30, what="the cache forgets it")
    assert not list(cache.glob(".part-*"))


def test_killed_while_it_waits_for_the_port(disturbed: Disturbed, visitor: Visitor) -> None:
    """OVN's hand on this host is held still, so that the port cannot come up."""
    controller = disturbed.daemon("ovn-controller")
    admin = Visitor(disturbed.cloud, "unkai")
    os.kill(controller, signal.SIGSTOP)
    try:
        server_id = visitor.ask_for_server("killed at its port")

        def step() -> str:
            found = admin.get("/unkai/v1/operations", active="true")["operations"]
            return found[0]["step"] if found else ""

        until(lambda: step() == "wait_ports_up", seconds=60, what="it waits for its port")
        assert visitor.server(server_id)["status"] == "BUILD"
        disturbed.kill()
    finally:
        os.kill(controller, signal.SIGCONT)
        admin.close()
    disturbed.up()

    boots_once(disturbed, server_id)


@pytest.mark.parametrize("moment", ["asked", "under way"])
def test_killed_in_the_middle_of_a_delete(
    disturbed: Disturbed, visitor: Visitor, moment: str
) -> None:
    server_id = visitor.boot("to be deleted")
    pid = disturbed.qemu(server_id)
    visitor.delete(server_id)
    if moment == "under way":
        until(lambda: not runs(pid), seconds=30, what="QEMU ended", pause_s=0.001)

    disturbed.kill()
    disturbed.up()

    after = Visitor(disturbed.cloud)
    after.gone(server_id)
    after.close()
    assert not runs(pid)
    assert not disturbed.machine(server_id).exists()


# --- the daemons are killed


def test_daemons_killed_while_nothing_happens(
    disturbed: Disturbed, bystander: Bystander, visitor: Visitor
) -> None:
    """All at once: a guest's traffic comes back by itself, and so do boots."""
    for pid in [disturbed.daemon(name) for name in DAEMONS]:
        os.kill(pid, signal.SIGKILL)
    disturbed.answers_ping(bystander.address)

    boots_once(disturbed, visitor.ask_for_server("after the daemons"))


@pytest.mark.parametrize("name", ["ovsdb-switch", "ovsdb-north", "ovs-vswitchd", "ovn-controller"])
def test_a_daemon_killed_during_a_boot(disturbed: Disturbed, visitor: Visitor, name: str) -> None:
    pid = disturbed.daemon(name)
    server_id = visitor.ask_for_server(f"without {name}")
    os.kill(pid, signal.SIGKILL)
    visitor.reach(server_id, "ACTIVE")
    visitor.delete(server_id)
    visitor.gone(server_id)
    until(lambda: disturbed.another_daemon(name, pid), seconds=30, what=f"another {name}")


def test_daemons_and_cloud_killed_together(disturbed: Disturbed, visitor: Visitor) -> None:
    server_id = visitor.ask_for_server("in the great fall")
    pids = [disturbed.daemon(name) for name in DAEMONS]
    disturbed.kill()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    disturbed.up()

    boots_once(disturbed, server_id)


# --- a guest is killed


def test_a_qemu_that_cannot_start(
    disturbed: Disturbed, visitor: Visitor, broken_qemu: Path
) -> None:
    broken_qemu.touch()
    try:
        server_id = visitor.ask_for_server("cannot start")
        shown = visitor.reach(server_id, "ERROR")
    finally:
        broken_qemu.unlink()

    message = shown["fault"]["message"]
    assert "QEMU did not start" in message
    assert "cannot allocate memory" in message
    assert "use a smaller flavor" in message
    assert disturbed.leftovers() == []
    assert not disturbed.machine(server_id).exists()
    visitor.delete(server_id)
    visitor.gone(server_id)


def test_a_qemu_that_dies_while_it_boots(disturbed: Disturbed, visitor: Visitor) -> None:
    """Wherever it dies, the server ends in a status that says so, and can be used again or goes."""
    server_id = visitor.ask_for_server("dies early")
    sign = disturbed.machine(server_id) / "process.json"
    until(sign.exists, seconds=60, what="a process", pause_s=0.001)
    os.kill(disturbed.qemu(server_id), signal.SIGKILL)

    def over() -> str:
        shown = visitor.server(server_id)
        at_rest = shown["OS-EXT-STS:task_state"] is None
        return shown["status"] if at_rest and shown["status"] in ("ERROR", "SHUTOFF") else ""

    status = until(over, seconds=60, what="ERROR or SHUTOFF")
    if status == "ERROR":
        message = visitor.server(server_id)["fault"]["message"]
        assert "QEMU" in message or "process" in message, message
    assert disturbed.leftovers() == []
    visitor.delete(server_id)
    visitor.gone(server_id)


def test_a_running_qemu_that_is_killed(disturbed: Disturbed, visitor: Visitor) -> None:
    server_id = visitor.boot("crashes")
    os.kill(disturbed.qemu(server_id), signal.SIGKILL)
    visitor.reach(server_id, "SHUTOFF")
    assert disturbed.leftovers() == []

    visitor.ask("POST", f"/compute/v2.1/servers/{server_id}/action", {"os-start": None}, status=202)

    boots_once(disturbed, server_id)


def test_an_image_deleted_during_a_boot(disturbed: Disturbed, visitor: Visitor) -> None:
    """Either it came in time, or the fault says what to do; never anything between."""
    data = visitor.ask("GET", f"/image/v2/images/{visitor.image_id()}/file", status=200).content
    image_id, _ = visitor.upload("short-lived", data)
    server_id = visitor.ask_for_server("without image", imageRef=image_id)
    visitor.ask("DELETE", f"/image/v2/images/{image_id}", status=204)

    def over() -> str:
        shown = visitor.server(server_id)
        return shown["status"] if shown["status"] != "BUILD" else ""

    if until(over, seconds=60, what="its end") == "ERROR":
        message = visitor.server(server_id)["fault"]["message"]
        assert f"Image {image_id} was deleted" in message
        assert "boot from another image" in message
    assert disturbed.leftovers() == []
    visitor.delete(server_id)
    visitor.gone(server_id)

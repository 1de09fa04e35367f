"""Plant each kind of leftover in a real cloud: the audit names it, and is empty once it is gone."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.clouds import running_cloud
from tests.e2e.visitor import Disturbed, Visitor, until
from unkai.hypervisor.local import mark_of
from unkai.kit import netns, rtnetlink

pytestmark = [pytest.mark.xdist_group("real cloud"), pytest.mark.timeout(240)]


@pytest.fixture
def disturbed(tmp_path: Path) -> Iterator[Disturbed]:
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    with running_cloud(tmp_path / "cloud", fake=False) as cloud:
        yield Disturbed(cloud)


@dataclass
class Planter:
    """What it plants is found as (kind, id): `planted`."""

    disturbed: Disturbed
    planted: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    strays: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    @property
    def namespace(self) -> str:
        return self.disturbed.cloud.namespace or ""

    @property
    def state(self) -> Path:
        return self.disturbed.cloud.state_dir

    def expect(self, kind: str, what: object) -> None:
        self.planted.add((kind, str(what)))

    def tool(self, program: str, *words: str) -> str:
        name = "db.sock" if program == "ovs-vsctl" else "ovnnb_db.sock"
        place = f"--db=unix:/run/{self.namespace}/ovn/{name}"
        command = [program, "--no-wait", "--timeout=20", place, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(self.state / "unkai.db", timeout=20)) as database, database:
            for statement, values in statements:
                assert database.execute(statement, values).rowcount == 1, statement

    # --- on the host

    def files(self) -> list[Path]:
        """Data of no image, a cached file and a disk of nobody; they go by hand."""
        image = self.state / "images/data" / str(uuid.uuid4())
        cached = self.disturbed.guests / "images" / "nobodys"
        disk = self.disturbed.guests / "machines" / "stray.qcow2"
        for path in (image, cached, disk):
            path.write_bytes(b"x")
        self.expect("data", image.name)
        self.expect("file-without-image", cached)
        self.expect("file-without-server", disk)
        return [image, cached, disk]

    def folder_and_process(self) -> None:
        folder, runs = str(uuid.uuid4()), str(uuid.uuid4())
        (self.disturbed.machine(folder)).mkdir()
        name = f"guest={mark_of(self.disturbed.guests)}{runs},debug-threads=on"
        program = "import signal; signal.pause()"
        self.strays.append(subprocess.Popen([sys.executable, "-c", program, "-name", name]))
        self.expect("folder-without-server", folder)
        self.expect("process-without-server", runs)

    def lose(self, server_id: str) -> None:
        """Its process dies and its folder goes."""
        os.kill(self.disturbed.qemu(server_id), signal.SIGKILL)
        shutil.rmtree(self.disturbed.machine(server_id))
        self.expect("server-without-guest", server_id)

    # --- on the wire

    def taps_and_interfaces(self) -> None:
        os.close(netns.open_tap(self.namespace, "tapdeadbeef-01", persistent=True))
        self.expect("tap-without-plug", "tapdeadbeef-01")
        nobody = str(uuid.uuid4())
        ids = f"external_ids:iface-id={uuid.uuid4()}", f"external_ids:unkai-server={nobody}"
        self.tool(
            "ovs-vsctl", "add-port", "br-int", "tapdead", "--", "set", "Interface", "tapdead", *ids
        )
        self.expect("plug-without-server", nobody)
        self.tool("ovs-vsctl", "add-port", "br-int", "odd0")
        self.expect("wire-interface", "odd0")

    def namespace_and_link(self) -> None:
        name = f"{self.namespace}.md-{uuid.uuid4()}"
        netns.create(name)
        self.expect("wire-namespace", name)
        netns.call(self.namespace, lambda: rtnetlink.add_veth("odd1", "odd2"))
        self.expect("wire-link", "odd1")
        self.expect("wire-link", "odd2")

    def rows(self, router_id: str) -> None:
        """A switch, port, router and NAT that are nobody's; one that names what is not there."""
        found = self.tool(
            "ovn-nbctl", "--bare", "--columns=name", "find", "Logical_Router",
            f"external_ids:unkai-id={router_id}",
        )  # fmt: skip
        self.tool("ovn-nbctl", "ls-add", "odd-switch", "--", "lsp-add", "odd-switch", "odd-port")
        self.tool("ovn-nbctl", "lr-add", "odd-router")
        self.tool("ovn-nbctl", "lr-nat-add", found, "snat", "203.0.113.99", "10.99.0.0/24")
        nat = self.tool(
            "ovn-nbctl", "--bare", "--columns=_uuid", "find", "NAT", 'logical_ip="10.99.0.0/24"'
        )
        nobody = str(uuid.uuid4())
        ids = "external_ids:unkai-kind=router", f"external_ids:unkai-id={nobody}"
        self.tool("ovn-nbctl", "lr-add", "lost", "--", "set", "Logical_Router", "lost", *ids)
        self.expect("wire-row", "Logical_Switch odd-switch")
        self.expect("wire-row", "Logical_Switch_Port odd-port")
        self.expect("wire-row", "Logical_Router odd-router")
        self.expect("wire-row", f"NAT {nat}")
        self.expect("router", nobody)

    # --- in the tables

    def claim_and_port(self, port_id: str) -> None:
        nobody, gone, host = str(uuid.uuid4()), str(uuid.uuid4()), socket.gethostname()
        provider = "(select id from resource_providers where name = ?)"
        bind = "update network_ports set device_id = ?, binding_host_id = ?"
        bind += ", device_owner = 'compute:nova' where id = ?"
        inventory = f"provider_id = {provider} and resource_class = 'VCPU'"
        self.write(
            ("insert into consumers values (?, 'p', 'u', 1, 'INSTANCE', 0)", (nobody,)),
            (f"insert into allocations values (?, {provider}, 'VCPU', 1)", (nobody, host)),
            (f"update inventories set used = used + 1, free = free - 1 where {inventory}", (host,)),
            (bind, (gone, host, port_id)),
        )
        self.expect("claim-without-server", nobody)
        self.expect("port-without-server", port_id)

    def operation(self) -> None:
        """A lease that ran out long ago, of a kind that nobody knows."""
        columns = {
            "id": str(uuid.uuid4()), "kind": "nobodys", "subject": "server/none",
            "slot": "server/none", "request_id": "req-none", "input": "{}", "state": "running",
            "step": 0, "undoing": 0, "started": 1, "results": "{}", "step_at": 0.0, "attempt": 0,
            "cancel": 0, "owner": "nobody", "lease_until": time.time() - 3600, "epoch": 1,
            "deadline": 0.0, "created_at": 0.0, "updated_at": 0.0,
        }  # fmt: skip
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        insert = f"insert into operations ({names}) values ({marks})"
        self.write((insert, tuple(columns.values())))
        self.expect("stale-lease", columns["id"])

    # --- what nobody takes back by itself goes by hand

    def clear(self, files: list[Path]) -> None:
        for path in files:
            path.unlink(missing_ok=True)
        for stray in self.strays:
            stray.kill()
            stray.wait()
        for name in ("tapdead", "odd0"):
            self.tool("ovs-vsctl", "--if-exists", "del-port", "br-int", name)
        for name in ("tapdeadbeef-01", "odd1"):
            subprocess.run(["ip", "-n", self.namespace, "link", "delete", name], check=True)
        for kind, name in self.planted:
            if kind == "wire-namespace":
                netns.delete(name)
        self.tool("ovn-nbctl", "--if-exists", "ls-del", "odd-switch")
        self.tool("ovn-nbctl", "--if-exists", "lr-del", "odd-router")
        self.tool("ovn-nbctl", "--if-exists", "lr-del", "lost")
        for kind, name in self.planted:
            if kind == "wire-row" and name.startswith("NAT "):
                routers = self.tool(
                    "ovn-nbctl", "--bare", "--columns=_uuid", "list", "Logical_Router"
                )
                for router in routers.split():
                    words = ("remove", "Logical_Router", router, "nat", name.removeprefix("NAT "))
                    self.tool("ovn-nbctl", "--if-exists", *words)
        self.write(("delete from operations where kind = 'nobodys'", ()))


def test_the_audit_names_each_kind_of_leftover(disturbed: Disturbed) -> None:
    admin, user = Visitor(disturbed.cloud, "unkai"), Visitor(disturbed.cloud)
    server_id = user.boot("loses its guest")
    image_id, _ = user.upload("loses its data", bytes(4096), "raw")
    network = {"port": {"network_id": user.network_id()}}
    port = user.ask("POST", "/network/v2.0/ports", network, status=201).json()["port"]
    (router,) = user.get("/network/v2.0/routers")["routers"]
    assert disturbed.leftovers() == []

    planter = Planter(disturbed)
    try:
        files = planter.files()
        planter.folder_and_process()
        planter.taps_and_interfaces()
        planter.namespace_and_link()
        planter.rows(router["id"])
        planter.claim_and_port(port["id"])
        planter.operation()
        planter.lose(server_id)
        (planter.state / "images/data" / image_id).unlink()
        planter.expect("image-without-data", image_id)

        found = {(one["kind"], one["id"]) for one in audit(admin)}
        assert planter.planted - found == set()
    finally:
        for stray in planter.strays:
            stray.kill()
            stray.wait()

    planter.clear(files)
    user.ask("DELETE", f"/image/v2/images/{image_id}", status=204)
    shown = until(lambda: lost(user, server_id), seconds=90, what="the guest is shown as lost")
    assert "Rebuild the server" in shown
    user.delete(server_id)
    user.gone(server_id)
    until(lambda: not audit(admin), seconds=120, what="the audit is empty", pause_s=1.0)
    admin.close()
    user.close()


def audit(admin: Visitor) -> list[dict[str, str]]:
    found: list[dict[str, str]] = admin.get("/unkai/v1/audit")["leftovers"]
    return found


def lost(user: Visitor, server_id: str) -> str:
    shown = user.server(server_id)
    return str(shown["fault"]["message"]) if shown["status"] == "ERROR" else ""

"""Plant each kind of leftover in a real cloud: the audit names it, and is empty once it is gone."""

from __future__ import annotations

import os
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

pytestmark = [pytest.mark.xdist_group("audit"), pytest.mark.timeout(240)]
MISCOUNT = (
    "update inventories set used = used + ?, free = free - ?"
    " where provider_id = ? and resource_class = 'MEMORY_MB'"
)


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
    def host(self) -> str:
        return socket.gethostname()

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
                assert database.execute(statement, values).rowcount > 0, statement

    def read(self, statement: str, *values: object) -> str:
        with closing(sqlite3.connect(self.state / "unkai.db", timeout=20)) as database:
            return str(database.execute(statement, values).fetchone()[0])

    # --- on the host

    def files(self) -> list[Path]:
        """Data of no image or upload, a cached file and a disk of nobody; they go by hand."""
        image = self.state / "images/data" / str(uuid.uuid4())
        upload = self.state / "images/incoming" / str(uuid.uuid4())
        cached = self.disturbed.guests / "images" / "nobodys"
        disk = self.disturbed.guests / "machines" / "stray.qcow2"
        files = [image, upload, cached, disk]
        for path in files:
            path.write_bytes(b"x")
        self.expect("data", image.name)
        self.expect("incoming", upload.name)
        self.expect("file-without-image", cached)
        self.expect("file-without-server", disk)
        return files

    def folder_and_process(self) -> None:
        folder, runs = str(uuid.uuid4()), str(uuid.uuid4())
        (self.disturbed.machine(folder)).mkdir()
        name = f"guest={mark_of(self.disturbed.guests)}{runs},debug-threads=on"
        program = "import signal; signal.pause()"
        self.strays.append(subprocess.Popen([sys.executable, "-c", program, "-name", name]))
        self.expect("folder-without-server", folder)
        self.expect("process-without-server", runs)

    def lose(self, server_id: str) -> None:
        """Its process dies, its folder is somebody else's, and an operation on it was forgotten."""
        nobody, forget = str(uuid.uuid4()), "update servers set task_state = 'pausing' where id = ?"
        os.kill(self.disturbed.qemu(server_id), signal.SIGKILL)
        self.disturbed.machine(server_id).rename(self.disturbed.machine(nobody))
        self.write((forget, (server_id,)))
        self.expect("server-without-guest", server_id)
        self.expect("guest-without-server", nobody)
        self.expect("server-without-operation", server_id)

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

    def networks(self, renamed: str, lost: str, served: str) -> None:
        """One that has another name on the wire, one that is not there, one without metadata."""
        self.tool("ovn-nbctl", "set", "Logical_Switch", f"net-{renamed}", "name=odd-name")
        self.tool("ovn-nbctl", "ls-del", f"net-{lost}")
        self.expect("network", renamed)
        self.expect("network", lost)
        name, link = f"{self.namespace}.md-{served}", "md" + served.replace("-", "")[:12]
        until(lambda: netns.exists(name), seconds=30, what="a namespace for the metadata")
        until(lambda: link in netns.link_names(self.namespace), seconds=30, what=link)
        netns.call(self.namespace, lambda: rtnetlink.delete_link(link))
        netns.delete(name)
        self.expect("wire-missing-namespace", name)
        self.expect("wire-missing-link", link)

    # --- in the tables

    def sums(self) -> None:
        provider = self.read("select id from resource_providers where name = ?", self.host)
        self.write((MISCOUNT, (1, 1, provider)))
        self.expect("usage-miscounted", provider)

    def claim_and_port(self, server_id: str, port_id: str) -> None:
        """What the server holds is nobody's now; a port names a server that never was."""
        nobody, gone = str(uuid.uuid4()), str(uuid.uuid4())
        bind = "update network_ports set device_id = ?, binding_host_id = ?"
        bind += ", device_owner = 'compute:nova' where id = ?"
        self.write(
            ("insert into consumers values (?, 'p', 'u', 1, 'INSTANCE', 0)", (nobody,)),
            ("update allocations set consumer_id = ? where consumer_id = ?", (nobody, server_id)),
            (bind, (gone, self.host, port_id)),
        )
        self.expect("claim-without-server", nobody)
        self.expect("server-without-claim", server_id)
        self.expect("consumer-without-claim", server_id)
        self.expect("port-without-server", port_id)

    def operations(self) -> None:
        """Of a kind that nobody knows: one for each way to be forgotten."""
        long_ago = time.time() - 3600
        self.operation("stale-lease", state="running", lease_until=long_ago)
        self.operation("never-taken-up", state="waiting", next_at=long_ago)
        self.operation("heir-of-nobody", state="queued")
        self.operation("slot-of-the-ended", state="done", slot="server/none")

    def operation(self, kind: str, **more: object) -> None:
        columns = {
            "id": str(uuid.uuid4()), "kind": "nobodys", "subject": f"server/{kind}",
            "request_id": "req-none", "input": "{}", "step": 0, "undoing": 0, "started": 1,
            "results": "{}", "step_at": 0.0, "attempt": 0, "cancel": 0, "epoch": 1,
            "deadline": 0.0, "created_at": 0.0, "updated_at": 0.0, **more,
        }  # fmt: skip
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self.write((f"insert into operations ({names}) values ({marks})", tuple(columns.values())))
        self.expect(kind, columns["id"])

    # --- what nobody takes back by itself goes by hand

    def end_strays(self) -> None:
        for stray in self.strays:
            stray.kill()
            stray.wait()

    def clear(self, files: list[Path], server_id: str) -> None:
        for path in files:
            path.unlink(missing_ok=True)
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
        provider = self.read("select id from resource_providers where name = ?", self.host)
        self.write(
            ("delete from operations where kind = 'nobodys'", ()),
            ("update servers set task_state = null where id = ?", (server_id,)),
            ("delete from consumers where id = ?", (server_id,)),
            (MISCOUNT, (-1, -1, provider)),
        )


def test_the_audit_names_each_kind_of_leftover(disturbed: Disturbed) -> None:
    admin, user = Visitor(disturbed.cloud, "unkai"), Visitor(disturbed.cloud)
    server_id = user.boot("loses its guest")
    image_id, _ = user.upload("loses its data", bytes(4096), "raw")
    port_id = made(user, "port", network_id=user.network_id())
    networks = [made(user, "network", name=name) for name in ("renamed", "lost", "served")]
    made(user, "subnet", network_id=networks[-1], cidr="10.98.0.0/24", ip_version=4)
    (router,) = user.get("/network/v2.0/routers")["routers"]
    assert disturbed.leftovers() == []

    planter = Planter(disturbed)
    try:
        files = planter.files()
        planter.folder_and_process()
        planter.taps_and_interfaces()
        planter.namespace_and_link()
        planter.rows(router["id"])
        planter.networks(*networks)
        planter.sums()
        planter.claim_and_port(server_id, port_id)
        planter.operations()
        planter.lose(server_id)
        (planter.state / "images/data" / image_id).unlink()
        planter.expect("image-without-data", image_id)

        found = {(one["kind"], one["id"]) for one in audit(admin)}
        assert planter.planted - found == set()
    finally:
        planter.end_strays()

    planter.clear(files, server_id)
    for network_id in networks:
        user.ask("DELETE", f"/network/v2.0/networks/{network_id}", status=204)
    user.ask("DELETE", f"/image/v2/images/{image_id}", status=204)
    shown = until(lambda: lost(user, server_id), seconds=90, what="the guest is shown as lost")
    assert "Rebuild the server" in shown
    user.delete(server_id)
    user.gone(server_id)
    until(lambda: not audit(admin), seconds=120, what="the audit is empty", pause_s=1.0)
    admin.close()
    user.close()


def made(user: Visitor, kind: str, **wanted: object) -> str:
    """The id of a new port, network or subnet."""
    answer = user.ask("POST", f"/network/v2.0/{kind}s", {kind: wanted}, status=201)
    return str(answer.json()[kind]["id"])


def audit(admin: Visitor) -> list[dict[str, str]]:
    found: list[dict[str, str]] = admin.get("/unkai/v1/audit")["leftovers"]
    return found


def lost(user: Visitor, server_id: str) -> str:
    shown = user.server(server_id)
    return str(shown["fault"]["message"]) if shown["status"] == "ERROR" else ""

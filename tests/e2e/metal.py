"""A machine of the rack under a real cloud: told by the public API, broken through the rack."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.visitor import Disturbed, Visitor, until
from unkai.boot.rack import rack_settings
from unkai.rack import MachineSpec, Rack
from unkai.settings import load_settings

VERSION = {"X-OpenStack-Ironic-API-Version": "1.112"}
NODES = "/baremetal/v1/nodes"
PORT = 8088
PARKED = "4094"


@dataclass
class Metal:
    """One machine with its node. `disturbed` is the cloud, which may be killed meanwhile."""

    disturbed: Disturbed
    spec: MachineSpec
    node: str = ""
    admins: list[Visitor] = field(default_factory=list)

    # --- asking

    @property
    def rack(self) -> Rack:
        return Rack(rack_settings(load_settings(self.disturbed.cloud.state_dir, environ={})))

    @property
    def admin(self) -> Visitor:
        if not self.admins:
            self.admins.append(Visitor(self.disturbed.cloud, "unkai"))
        return self.admins[0]

    def close(self) -> None:
        while self.admins:
            self.admins.pop().close()

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> httpx.Response:
        return self.admin.ask(method, path, body, status=status, headers=VERSION)

    def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"{NODES}/{self.node}").json()
        return found

    def change(self, **values: object) -> None:
        """Fields of the node; `driver_info__ipmi_password` is a key within one."""
        patch = [
            {"op": "add", "path": "/" + name.replace("__", "/"), "value": value}
            for name, value in values.items()
        ]
        self.ask("PATCH", f"{NODES}/{self.node}", patch)

    def provision(self, target: str, *, status: int = 202, **more: object) -> httpx.Response:
        body = {"target": target, **more}
        return self.ask("PUT", f"{NODES}/{self.node}/states/provision", body, status)

    def reach(self, *states: str, seconds: float = 60, pause_s: float = 0.1) -> dict[str, Any]:
        """The node once it is in one of these states; another failure ends the wait."""

        def there() -> dict[str, Any] | None:
            node = self.shown()
            now = node["provision_state"]
            assert now in states or "failed" not in now, f"{now}: {node['last_error']}"
            return node if now in states else None

        return until(there, seconds=seconds, what=" or ".join(states), pause_s=pause_s) or {}

    # --- the node's life

    def enroll(self) -> None:
        machine = self.machine()
        body = {
            "name": self.spec.name,
            "driver": machine["driver"],
            "driver_info": machine["driver_info"],
            "properties": machine["properties"],
            "network_interface": "neutron",
            "resource_class": "rack.small",
        }
        self.node = self.ask("POST", NODES, body, 201).json()["uuid"]
        for port in machine["ports"]:
            body = {
                "node_uuid": self.node,
                "address": port["mac"],
                "local_link_connection": port["local_link_connection"],
            }
            self.ask("POST", "/baremetal/v1/ports", body, 201)

    def machine(self) -> dict[str, Any]:
        """What the rack knows of it."""
        status = asyncio.run(self.rack.status())
        return next(one for one in status if one["name"] == self.spec.name)

    def deploy(self, **info: str) -> None:
        """Begin it, with the image that the cloud came with unless `info` names another."""
        chosen = {"image_source": self.admin.image_id(), **info}
        self.change(instance_info=chosen)
        self.provision("active")

    def fails(self, *, seconds: float = 60) -> str:
        """Until the deploy has failed with all its undos: last_error."""

        def over() -> bool:
            node = self.shown()
            assert node["provision_state"] != "active"
            return node["provision_state"] == "deploy failed" and not self.step()

        until(over, seconds=seconds, what="deploy failed", pause_s=0.1)
        node = self.shown()
        assert (node["target_provision_state"], node["maintenance"]) == ("active", False)
        return str(node["last_error"])

    def is_aborted(self, state: str, before: str) -> None:
        """In that state, with all of its work taken back, and off."""

        def over() -> bool:
            return self.shown()["provision_state"] == state and not self.step()

        until(over, seconds=60, what=state, pause_s=0.1)
        said = str(self.shown()["last_error"])
        assert f"aborted while the node was {before}" in said
        assert self.machine()["power"] == "off"
        assert self.disturbed.leftovers() == []

    def refuses(self, target: str) -> None:
        path, body = f"{NODES}/{self.node}/states/provision", {"target": target}
        answer = self.admin.ask("PUT", path, body, headers=VERSION)
        assert answer.status_code in (400, 409), answer.text

    def give_back(self, seconds: float = 60) -> None:
        """Deleted, and free again."""
        self.provision("deleted")
        self.reach("available", seconds=seconds)

    def is_free(self) -> None:
        """Nothing of the last work is on the node, the machine, its switch port or the cloud."""
        node = self.shown()
        assert (node["provision_state"], node["target_provision_state"]) == ("available", None)
        assert (node["maintenance"], node["fault"], node["last_error"]) == (False, None, None)
        assert (node["instance_uuid"], node["instance_info"]) == (None, {})
        assert (node["power_state"], self.machine()["power"]) == ("power off", "off")
        assert self.machine()["faults"] == {}
        assert self.disturbed.leftovers() == []

    # --- what breaks

    def fault(self, kind: Any, **how: object) -> None:
        asyncio.run(self.rack.fault(self.spec.name, kind, **how))

    def repair(self) -> None:
        asyncio.run(self.rack.repair(self.spec.name))

    def pull_the_plug(self) -> None:
        asyncio.run(self.rack.set_power(self.spec.name, on=False))

    def press_power(self) -> None:
        asyncio.run(self.rack.set_power(self.spec.name, on=True))

    def restart_cloud(self, settings: str | None = None) -> None:
        """By kill -9, and up again; settings: a new unkai.toml."""
        self.disturbed.kill()
        self.close()
        if settings is not None:
            (self.disturbed.cloud.state_dir / "unkai.toml").write_text(settings)
        self.disturbed.up()

    # --- looking

    def step(self) -> str:
        """The step that the node's operation is at; empty without one."""
        path = "/unkai/v1/operations"
        found = self.admin.get(path, active="true")["operations"]
        mine = [one for one in found if one["subject"] == f"node/{self.node}"]
        return str(mine[0]["step"]) if mine else ""

    def at_step(self, name: str, seconds: float = 120) -> None:
        def there() -> bool:
            node = self.shown()
            assert "failed" not in node["provision_state"], node["last_error"]
            return self.step() == name

        until(there, seconds=seconds, what=f"step {name}", pause_s=0.02)

    def is_writing(self, seconds: float = 120) -> None:
        """The agent has taken the command to write the image."""
        self.at_step("write_image", seconds)

        def taken() -> bool:
            command = self.shown()["driver_internal_info"].get("agent_command") or {}
            return bool(command.get("id"))

        until(taken, seconds=30, what="a command of the agent's", pause_s=0.02)

    def timeline(self) -> list[dict[str, Any]]:
        path = f"/unkai/v1/nodes/{self.node}/timeline"
        found: list[dict[str, Any]] = self.admin.get(path)["timeline"]["events"]
        return found

    def stored(self, column: str) -> str:
        """What no API tells of the node."""
        asked = f"select {column} from nodes where uuid = ?"
        database = self.disturbed.cloud.state_dir / "unkai.db"
        with contextlib.closing(sqlite3.connect(database, timeout=20)) as connection:
            return str(connection.execute(asked, (self.node,)).fetchone()[0])

    def beat(self, node: str, beat: dict[str, Any]) -> str:
        """A heartbeat that is refused: why."""
        path = f"/baremetal/v1/heartbeat/{node}"
        return self.ask("POST", path, {"agent_version": "1", **beat}, 400).text

    def console(self) -> str:
        log = Path(self.machine()["console_log"])
        return log.read_text(errors="replace") if log.exists() else ""

    # --- an image from elsewhere

    @contextlib.contextmanager
    def served(self, folder: Path) -> Iterator[str]:
        """A web server of somebody else's, where machines that are deployed reach it."""
        address = self._inside_address()
        namespace = self.disturbed.cloud.namespace or ""
        words = ["ip", "netns", "exec", namespace, sys.executable, "-m", "http.server"]
        words += ["--bind", address, "--directory", str(folder), str(PORT)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(words, **quiet)
        try:
            yield f"http://{address}:{PORT}"
        finally:
            server.kill()
            server.wait()

    def _inside_address(self) -> str:
        networks = self.admin.get("/network/v2.0/networks", name="provisioning")["networks"]
        query = {"network_id": networks[0]["id"], "device_owner": "network:dhcp"}
        (port,) = self.admin.get("/network/v2.0/ports", **query)["ports"]
        return str(port["fixed_ips"][0]["ip_address"])


def start_rack(disturbed: Disturbed, spec: MachineSpec) -> Metal:
    metal = Metal(disturbed, spec)
    asyncio.run(metal.rack.start([spec]))
    return metal


def disk_image(folder: Path, name: str, mib: int) -> tuple[Path, str]:
    """A raw disk that is all zeros, and its SHA-256."""
    path = folder / name
    digest = hashlib.sha256()
    block = bytes(1 << 20)
    with path.open("wb") as file:
        file.truncate(mib << 20)
    for _ in range(mib):
        digest.update(block)
    return path, digest.hexdigest()


def as_qcow2(raw: Path) -> bytes:
    made = raw.with_suffix(".qcow2")
    command = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made.read_bytes()

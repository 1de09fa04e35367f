"""A customer of a real cloud, who asks over its public API and looks at what it left on disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from tests.clouds import UP_TIMEOUT_S, RunningCloud, unkai

T = TypeVar("T")
GONE = 404
BOOTED = "SYSLINUX"
"""Once on the console for each boot of the guest image, a second after its start."""


def until(look: Callable[[], T], *, seconds: float, what: str, pause_s: float = 0.05) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(pause_s)


class Visitor:
    """One of the clouds of clouds.yaml; `token` may be replaced."""

    def __init__(self, cloud: RunningCloud, name: str = "unkai-demo") -> None:
        auth = yaml.safe_load((cloud.state_dir / "clouds.yaml").read_text())["clouds"][name]["auth"]
        user = {
            "name": auth["username"],
            "domain": {"id": "default"},
            "password": auth["password"],
        }
        project = {"name": auth["project_name"], "domain": {"id": "default"}}
        wanted = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": project},
        }
        self.client = httpx.Client(base_url=cloud.url, timeout=60, trust_env=False)
        answer = self.client.post("/identity/v3/auth/tokens", json={"auth": wanted})
        assert answer.status_code == 201, answer.text
        self.token = answer.headers["X-Subject-Token"]

    def close(self) -> None:
        self.client.close()

    def ask(
        self, method: str, path: str, body: object = None, *, status: int | None = None, **more: Any
    ) -> httpx.Response:
        headers = {"X-Auth-Token": self.token, "OpenStack-API-Version": "compute 2.96"}
        headers |= more.pop("headers", {})
        if body is not None:
            more["json"] = body
        answer = self.client.request(method, path, headers=headers, **more)
        if status is not None:
            assert answer.status_code == status, answer.text
        return answer

    def get(self, path: str, **query: str) -> Any:
        return self.ask("GET", path, status=200, params=query).json()

    # --- servers

    def image_id(self) -> str:
        return str(self.get("/image/v2/images", name="cirros")["images"][0]["id"])

    def network_id(self) -> str:
        path = "/network/v2.0/networks"
        return str(self.get(path, **{"router:external": "False"})["networks"][0]["id"])

    def ask_for_server(self, name: str, **more: Any) -> str:
        flavors = self.get("/compute/v2.1/flavors/detail")["flavors"]
        server = {
            "name": name,
            "imageRef": self.image_id(),
            "flavorRef": min(flavors, key=lambda one: (one["ram"], one["disk"]))["id"],
            "networks": [{"uuid": self.network_id()}],
            **more,
        }
        answer = self.ask("POST", "/compute/v2.1/servers", {"server": server}, status=202)
        return str(answer.json()["server"]["id"])

    def server(self, server_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.get(f"/compute/v2.1/servers/{server_id}")["server"]
        return shown

    def reach(self, server_id: str, status: str, seconds: float = 90) -> dict[str, Any]:
        """The server once it rests in that status."""

        def there() -> dict[str, Any] | None:
            shown = self.server(server_id)
            rests = shown["OS-EXT-STS:task_state"] is None
            if rests and shown["status"] == "ERROR" != status:
                raise AssertionError(f"in ERROR: {shown.get('fault')}")
            return shown if rests and shown["status"] == status else None

        return until(there, seconds=seconds, what=f"{server_id} {status}") or {}

    def rest(self, server_id: str, seconds: float = 90) -> dict[str, Any]:
        """The server once nothing is done to it, in whatever status."""

        def there() -> dict[str, Any] | None:
            shown = self.server(server_id)
            return shown if shown["OS-EXT-STS:task_state"] is None else None

        return until(there, seconds=seconds, what=f"{server_id} at rest") or {}

    def boot(self, name: str, **more: Any) -> str:
        server_id = self.ask_for_server(name, **more)
        self.reach(server_id, "ACTIVE")
        return server_id

    def delete(self, server_id: str) -> None:
        self.ask("DELETE", f"/compute/v2.1/servers/{server_id}", status=204)

    def gone(self, server_id: str, seconds: float = 60) -> None:
        path = f"/compute/v2.1/servers/{server_id}"
        until(
            lambda: self.ask("GET", path).status_code == GONE,
            seconds=seconds,
            what=f"{server_id} is gone",
        )

    def console(self, server_id: str) -> str:
        path = f"/compute/v2.1/servers/{server_id}/action"
        answer = self.ask("POST", path, {"os-getConsoleOutput": {}}, status=200)
        return str(answer.json()["output"])

    def says(self, server_id: str, words: str, seconds: float = 120) -> None:
        until(
            lambda: words in self.console(server_id),
            seconds=seconds,
            what=f"{words!r} on the console",
            pause_s=0.3,
        )

    # --- images

    def upload(self, name: str, data: bytes, disk_format: str = "qcow2") -> tuple[str, int]:
        """The image's id, and what the upload was answered."""
        body = {"name": name, "disk_format": disk_format, "container_format": "bare"}
        image_id = self.ask("POST", "/image/v2/images", body, status=201).json()["id"]
        headers = {"Content-Type": "application/octet-stream"}
        path = f"/image/v2/images/{image_id}/file"
        answer = self.ask("PUT", path, headers=headers, content=data)
        return image_id, answer.status_code


@dataclass
class Disturbed:
    """A real cloud that is killed and started again; `cloud` is its present life."""

    cloud: RunningCloud

    @property
    def guests(self) -> Path:
        return self.cloud.state_dir / "guests"

    def machine(self, server_id: str) -> Path:
        return self.guests / "machines" / server_id

    def qemu(self, server_id: str) -> int:
        """The pid of a server's process, as its folder says."""
        return int(json.loads((self.machine(server_id) / "process.json").read_text())["pid"])

    def kill(self) -> None:
        os.kill(self.cloud.pid, signal.SIGKILL)
        until(lambda: not runs(self.cloud.pid), seconds=10, what="its end", pause_s=0.002)

    def up(self) -> None:
        state = str(self.cloud.state_dir)
        done = unkai("up", "--json", "--state-dir", state, timeout_s=UP_TIMEOUT_S)
        document = json.loads(done.stdout)
        assert document["started"]
        self.cloud = RunningCloud(
            self.cloud.state_dir, document["url"], document["namespace"], False, document["pid"]
        )

    def daemon(self, name: str) -> int:
        run_dir = Path("/run") / (self.cloud.namespace or "") / "ovn"
        return int((run_dir / f"{name}.pid").read_text())

    def another_daemon(self, name: str, pid: int) -> bool:
        """Whether a killed daemon has a successor, which has written its own pid."""
        try:
            return self.daemon(name) != pid
        except (FileNotFoundError, ValueError):
            return False

    def leftovers(self) -> list[Any]:
        """What the audit finds, once no operation is under way."""
        admin = Visitor(self.cloud, "unkai")
        try:
            until(
                lambda: not admin.get("/unkai/v1/operations", active="true")["operations"],
                seconds=60,
                what="no operation",
            )
            found: list[Any] = admin.get("/unkai/v1/audit")["leftovers"]
        finally:
            admin.close()
        return found

    def answers_ping(self, address: str, seconds: float = 60) -> None:
        words = ["ip", "netns", "exec", self.cloud.namespace or "", "ping", "-c1", "-W2", address]
        until(
            lambda: subprocess.run(words, check=False, capture_output=True).returncode == 0,
            seconds=seconds,
            what=f"{address} answers ping",
        )


def runs(pid: int) -> bool:
    """Whether it is there and no zombie."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False

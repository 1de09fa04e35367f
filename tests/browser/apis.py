"""What a test needs of a cloud before it looks, made by the APIs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.clouds import RunningCloud

WAIT_S = 20.0


@dataclass(frozen=True)
class Cloud:
    """The administrator of a cloud that was just made."""

    url: str
    headers: dict[str, str]

    @classmethod
    def of(cls, cloud: RunningCloud) -> Cloud:
        password = (Path(cloud.state_dir) / "admin-password").read_text().strip()
        user = {"name": "admin", "domain": {"id": "default"}, "password": password}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        answer = httpx.post(
            f"{cloud.url}/identity/v3/auth/tokens",
            json={"auth": {"identity": identity, "scope": scope}},
        )
        headers = {
            "X-Auth-Token": answer.headers["x-subject-token"],
            "OpenStack-API-Version": "compute 2.96",
        }
        return cls(cloud.url, headers)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, self.url + path, json=body, headers=self.headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def server(self, name: str) -> str:
        """The id of one that is ACTIVE."""
        [image, *_] = self.ask("GET", "/image/v2/images")["images"]
        flavors = self.ask("GET", "/compute/v2.1/flavors")["flavors"]
        networks = self.ask("GET", "/network/v2.0/networks?name=private")["networks"]
        body = {
            "name": name,
            "imageRef": image["id"],
            "flavorRef": next(one["id"] for one in flavors if one["name"] == "m1.nano"),
            "networks": [{"uuid": networks[0]["id"]}],
        }
        made = self.ask("POST", "/compute/v2.1/servers", {"server": body})["server"]["id"]
        deadline = time.monotonic() + WAIT_S
        while (status := self._status(made)) != "ACTIVE":
            assert status == "BUILD", f"{name} became {status}"
            assert time.monotonic() < deadline, f"{name} is {status} after {WAIT_S} s"
        return str(made)

    def _status(self, server_id: str) -> str:
        return str(self.ask("GET", f"/compute/v2.1/servers/{server_id}")["server"]["status"])

    def act(self, server_id: str, body: dict[str, Any]) -> None:
        self.ask("POST", f"/compute/v2.1/servers/{server_id}/action", body)

    def console(self, server_id: str) -> str:
        """The address of its screen's page."""
        body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
        path = f"/compute/v2.1/servers/{server_id}/remote-consoles"
        return str(self.ask("POST", path, body)["remote_console"]["url"])

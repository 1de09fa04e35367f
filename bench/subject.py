"""The measured cloud: a process of its own, its CPU and memory as the kernel counts them."""

from __future__ import annotations

import http.client
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Stopwatch
from tests.clouds import RunningCloud

TICKS = os.sysconf("SC_CLK_TCK")


class Door:
    """One kept-alive connection and a token: as little client as Python allows."""

    def __init__(self, host: str, port: int, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=120)
        self.headers = {"Content-Type": "application/json"}
        if token is not None:
            self.headers |= {"X-Auth-Token": token, "OpenStack-API-Version": "compute 2.96"}

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        payload = None if body is None else json.dumps(body)
        self._connection.request(method, path, payload, self.headers | (headers or {}))
        response = self._connection.getresponse()
        return response.status, response.read(), response.headers

    def json(self, method: str, path: str, body: object = None) -> Any:
        status, content, _ = self.ask(method, path, body)
        if status >= 400:
            raise AssertionError(f"{method} {path}: {status} {content[:500]!r}")
        return json.loads(content) if content else None

    def stream(self, method: str, path: str, chunks: Any, length: int, kind: str) -> None:
        headers = self.headers | {"Content-Type": kind, "Content-Length": str(length)}
        self._connection.request(method, path, chunks, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise AssertionError(f"{method} {path}: {response.status} {content[:500]!r}")

    def drain(self, path: str) -> int:
        """Read a body and throw it away; how many bytes."""
        self._connection.request("GET", path, headers=self.headers)
        response = self._connection.getresponse()
        total = 0
        while chunk := response.read(1 << 20):
            total += len(chunk)
        return total

    def close(self) -> None:
        self._connection.close()


@dataclass
class Subject:
    """A cloud under measurement, with doors for its admin and its demo user."""

    cloud: RunningCloud
    up_s: float
    """From the command to the first answer."""
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.cloud.url.removeprefix("http://").partition(":")
        return host, int(port)

    def password_request(self, user: str) -> dict[str, Any]:
        name = {"admin": "admin-password", "demo": "demo-password"}[user]
        secret = (self.cloud.state_dir / name).read_text().strip()
        who = {"name": user, "domain": {"id": "default"}, "password": secret}
        return {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": who}},
                "scope": {"project": {"name": user, "domain": {"id": "default"}}},
            }
        }

    def token(self, user: str = "admin") -> str:
        door = Door(*self.address)
        status, body, headers = door.ask(
            "POST", "/identity/v3/auth/tokens", self.password_request(user)
        )
        door.close()
        if status != 201:
            raise AssertionError(f"no token for {user}: {status} {body!r}")
        return headers["X-Subject-Token"]

    def door(self, user: str = "admin") -> Door:
        return Door(*self.address, self.token(user))

    def stopwatch(self) -> Stopwatch:
        return Stopwatch(self.cpu_s)

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.cloud.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self) -> float:
        return _rss_kib(self.cloud.pid) / 1024

    def daemons_rss_mib(self) -> float:
        """Processes of the cloud's own run folder that are not guests: OVN and Open vSwitch."""
        from unkai.settings import load_settings

        mark = str(load_settings(self.cloud.state_dir, environ={}).run_dir).encode()
        total = 0
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.cloud.pid:
                try:
                    words = (entry / "cmdline").read_bytes()
                    if mark in words and b"qemu-system" not in words:
                        total += _rss_kib(int(entry.name))
                except OSError:
                    continue
        return total / 1024


def _rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def at_once(works: Sequence[Callable[[], object]]) -> None:
    """Run them in a thread each and wait for all; raises what one of them raised."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]

"""A real Redfish service for the tests: sushy-tools' emulator in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.clouds import CHECKOUT, free_port
from tests.drivers.redfish_machine import PASSWORD, USER, UUID
from unkai.baremetal.model import Node, State

PROGRAM = "tests.drivers.redfish_emulator"


def redfish_node(port: int, **info: object) -> Node:
    return Node(
        uuid="5f0e0c9a-0000-4000-8000-000000000002",
        driver="redfish",
        driver_info={
            "redfish_address": f"http://127.0.0.1:{port}",
            "redfish_system_id": f"/redfish/v1/Systems/{UUID}",
            "redfish_username": USER,
            "redfish_password": PASSWORD,
            **info,
        },
        interfaces={"power": "redfish", "management": "redfish", "bios": "redfish"},
        provision_state=State.MANAGEABLE,
        created_at=0,
    )


@dataclass
class RedfishService:
    folder: Path
    port: int = field(default_factory=free_port)
    has_sessions: bool = False
    process: subprocess.Popen[bytes] | None = None

    @property
    def node(self) -> Node:
        return redfish_node(self.port)

    @property
    def resets(self) -> list[str]:
        path = self.folder / "resets"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def sessions(self) -> list[str]:
        """Those that are open."""
        return (self.folder / "sessions").read_text().splitlines()

    def start(self) -> None:
        words = ["sessions"] if self.has_sessions else []
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", PROGRAM, str(self.port), self.folder, *words],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/redfish/v1/", timeout=1):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        sys.stderr.write((self.folder / "log").read_text())
        raise AssertionError("sushy-tools does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

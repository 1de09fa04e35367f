"""The cloud of a state folder, as its `cloud.json` tells and the process table confirms."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unkai.kit.errors import NotFound
from unkai.kit.process import ProcessId, is_alive
from unkai.settings import Settings

HEALTH = "/unkai/v1/health"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud whose process lives."""

    process: ProcessId
    url: str
    host: str
    port: int
    namespace: str | None
    """None where the network is played (--fake)."""
    fake: bool
    version: str

    @property
    def kind(self) -> str:
        return "fake" if self.fake else "real"


def read_cloud_file(settings: Settings) -> dict[str, Any] | None:
    """What the last cloud of this folder wrote, whether it lives or not."""
    try:
        content: object = json.loads(settings.cloud_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return content if isinstance(content, dict) else None  # pyright: ignore[reportUnknownVariableType]


def find_cloud(settings: Settings) -> Cloud | None:
    """The cloud that runs from this folder."""
    content = read_cloud_file(settings)
    if content is None:
        return None
    process = ProcessId(content["pid"], int(content["start_time"]), content["boot_id"])
    if not is_alive(process):
        return None
    return Cloud(
        process=process,
        url=content["url"],
        host=content["url"].split("://")[1].rsplit(":", 1)[0],
        port=content["port"],
        namespace=content["namespace"],
        fake=content["fake"],
        version=content["version"],
    )


def need_cloud(settings: Settings) -> Cloud:
    """The cloud that runs from this folder; raises NotFound (code "not-running")."""
    cloud = find_cloud(settings)
    if cloud is None:
        raise NotFound(
            f"No cloud runs from {settings.state_dir}.",
            code="not-running",
            remedy=f"unkai up{_option(settings.state_dir)}",
        )
    return cloud


def answers(host: str, port: int, *, timeout_s: float = 1.0) -> bool:
    """Whether its health route says 200."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", HEALTH)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _option(state_dir: Path) -> str:
    from unkai.settings import default_state_dir

    return "" if state_dir == default_state_dir() else f" --state-dir {state_dir}"

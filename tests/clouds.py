"""Whole clouds for tests: started by the command people use, each on a port of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
UP_TIMEOUT_S = 300


@dataclass(frozen=True)
class RunningCloud:
    state_dir: Path
    url: str
    namespace: str | None
    fake: bool
    pid: int

    def unkai(
        self, *words: str, timeout_s: float = 120, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a verb against this cloud."""
        return unkai(
            words[0],
            "--state-dir",
            str(self.state_dir),
            *words[1:],
            timeout_s=timeout_s,
            check=check,
        )

    def unkai_json(self, *words: str) -> Any:
        return json.loads(self.unkai(words[0], "--json", *words[1:]).stdout)


def unkai(
    *words: str, timeout_s: float = 120, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run `unkai` from this checkout; a failure shows what it said."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("UNKAI_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "unkai", *words],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout_s,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"unkai {' '.join(words)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
    return done


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running_cloud(state_dir: Path, *, fake: bool) -> Generator[RunningCloud]:
    """A cloud of its own; `unkai down` at the end, whatever happened."""
    words = ["up", "--json", "--state-dir", str(state_dir), "--port", str(free_port())]
    words += ["--fake"] if fake else []
    try:
        document = json.loads(unkai(*words, timeout_s=UP_TIMEOUT_S).stdout)
        yield RunningCloud(
            state_dir=state_dir,
            url=document["url"],
            namespace=document["namespace"],
            fake=fake,
            pid=document["pid"],
        )
    finally:
        keep_log(state_dir)
        unkai("down", "--state-dir", str(state_dir))


def keep_log(state_dir: Path) -> None:
    """The log outlives the cloud where UNKAI_TEST_LOGS names a folder."""
    folder = os.environ.get("UNKAI_TEST_LOGS")
    log = state_dir / "log" / "unkai.log"
    if folder and log.exists():
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(log, Path(folder) / f"{state_dir.name}.log")

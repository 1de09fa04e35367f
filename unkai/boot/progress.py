"""How far a starting cloud is, for whoever waits for it: JSON lines in the state folder."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from unkai.kit.clock import Clock
from unkai.kit.errors import Fault
from unkai.kit.log import log


class Progress:
    """One line when a step begins, one when it is ready or failed."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    @contextmanager
    def step(self, name: str) -> Generator[list[str]]:
        """Put words of detail into the list while the step runs."""
        words: list[str] = []
        began = self._clock.monotonic()
        try:
            yield words
        except Exception as error:
            self.write(name, "failed", error.public if isinstance(error, Fault) else str(error))
            raise
        took_ms = (self._clock.monotonic() - began) * 1000
        detail = ", ".join([*words, f"{took_ms:.0f} ms"])
        log.info("started", part=name, ms=round(took_ms))
        self.write(name, "ready", detail)

    def write(self, step: str, state: str, detail: str = "") -> None:
        line = {"at": self._clock.now(), "step": step, "state": state, "detail": detail}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

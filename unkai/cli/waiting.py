"""Waiting in the foreground: the one place of the command line that looks at the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Stopwatch:
    def __init__(self) -> None:
        self._start = time.monotonic()  # noqa: TID251 - a person waits in real time

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start  # noqa: TID251 - as above


def pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - as above


def until(probe: Callable[[], T | None], *, timeout_s: float, interval_s: float = 0.05) -> T | None:
    """Ask until the answer is neither None nor False; None when the time is up."""
    watch = Stopwatch()
    while True:
        answer = probe()
        if answer is not None and answer is not False:
            return answer
        if watch.seconds > timeout_s:
            return None
        pause(interval_s)

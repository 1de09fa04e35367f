"""Reconcilers: the clock's door. Each compares what should be with what is, and takes no input.

It is woken by events and by a timer; wakes that come while it runs cause one more run. A failing
run is logged and tried again; it never stops the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from unkai.kit.clock import Clock
from unkai.kit.log import log


class Reconciler:
    """`name`, what it does, and how often at the least."""

    def __init__(self, name: str, run: Callable[[], Awaitable[None]], every_s: float) -> None:
        self.name = name
        self.run = run
        self.every_s = every_s
        self.runs = 0
        self.failures = 0
        self.last_error: str | None = None
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Run soon."""
        self._wake.set()

    async def forever(self, clock: Clock) -> None:
        while True:
            self._wake.clear()
            try:
                await self.run()
                self.last_error = None
            except Exception as error:
                self.failures += 1
                self.last_error = str(error)
                log.exception("reconciler failed", reconciler=self.name)
                await clock.sleep(min(1.0, self.every_s))
            self.runs += 1
            try:
                async with asyncio.timeout(self.every_s):
                    await self._wake.wait()
            except TimeoutError:
                pass


class Reconcilers:
    """All of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: list[Reconciler] = []
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, run: Callable[[], Awaitable[None]], every_s: float) -> Reconciler:
        reconciler = Reconciler(name, run, every_s)
        self._all.append(reconciler)
        return reconciler

    def __iter__(self) -> Iterator[Reconciler]:
        return iter(self._all)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(r.forever(self._clock)) for r in self._all]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

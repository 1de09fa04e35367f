"""Few guests boot at once where the host emulates their processors.

Thirty guests that boot together under TCG on two processors starve each other until services inside
time out. A turn is held from the moment a guest begins to run until it has booted, which is seen
from outside: its process wanted less than half a processor for a second. That is the very thing
turns protect, needs no word from the guest, and ends a turn early for a guest that merely waits. A
guest that never gets quiet gives its turn up after a while; one that ended or paused, at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from unkai.hypervisor.qemu.process import wanted_seconds
from unkai.kit.clock import Clock

_LOOK_S = 0.5
_QUIET_LOOKS = 2
_QUIET_SHARE = 0.5


class Turns:
    """`at_once` None means no limit, as with KVM."""

    def __init__(self, clock: Clock, at_once: int | None, longest_s: float = 30.0) -> None:
        self._clock = clock
        self._slots = None if at_once is None else asyncio.Semaphore(at_once)
        self._longest_s = longest_s
        self._watches: set[asyncio.Task[None]] = set()

    async def take(self, run: Callable[[], Awaitable[int | None]]) -> None:
        """Wait for a turn and call `run`; while the process it names boots, the turn is kept."""
        if self._slots is None:
            await run()
            return
        await self._slots.acquire()
        try:
            pid = await run()
        except BaseException:
            self._slots.release()
            raise
        watch = asyncio.create_task(self._watch(pid))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        watch.add_done_callback(lambda _, slots=self._slots: slots.release())

    async def close(self) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def _watch(self, pid: int | None) -> None:
        deadline = self._clock.monotonic() + self._longest_s
        used = None if pid is None else wanted_seconds(pid)
        quiet = 0
        while used is not None and quiet < _QUIET_LOOKS and self._clock.monotonic() < deadline:
            await self._clock.sleep(_LOOK_S)
            before, used = used, wanted_seconds(pid) if pid is not None else None
            if used is not None:
                quiet = quiet + 1 if used - before < _QUIET_SHARE * _LOOK_S else 0

"""Telling everyone who listens that a machine's power changed, without ever growing.

A slow listener finds the latest state of each machine, not each state it went through: what counts
is what is. So the memory a listener takes is bounded by the machines of the host.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

from unkai.hypervisor.model import MachineStatus


class _Listener:
    def __init__(self) -> None:
        self.waiting: dict[str, MachineStatus] = {}
        self.woken = asyncio.Event()


class Changes:
    """One per host; `tell` never waits."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()

    def tell(self, status: MachineStatus) -> None:
        for listener in self._listeners:
            listener.waiting[status.server_id] = status
            listener.woken.set()

    async def listen(
        self, present: Callable[[], Iterable[MachineStatus]]
    ) -> AsyncIterator[MachineStatus]:
        """What `present` says first, then what is told; ends when the caller stops asking."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            for status in present():
                listener.waiting.setdefault(status.server_id, status)
            while True:
                while listener.waiting:
                    yield listener.waiting.pop(next(iter(listener.waiting)))
                listener.woken.clear()
                await listener.woken.wait()
        finally:
            self._listeners.discard(listener)

"""One question and its answer over a wire that loses datagrams: send, wait, send again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Silent(Exception):
    """No answer to any of the tries."""


class Exchange:
    """`send` is called at once and after each of `waits_s` but the last, until `wanted` is met.

    Timers of the loop rather than a task: a poll of a thousand BMCs makes a thousand of these.
    """

    __slots__ = ("_future", "_send", "_timer", "_try", "_waits_s", "_wanted")

    def __init__(
        self,
        send: Callable[[], None],
        wanted: Callable[[int, bytes], bool],
        waits_s: tuple[float, ...],
    ) -> None:
        self._send, self._wanted, self._waits_s = send, wanted, waits_s
        self._try = 0
        self._timer: asyncio.TimerHandle | None = None
        self._future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def answer(self) -> bytes:
        """Raise Silent after the last wait."""
        self._next()
        try:
            return await self._future
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def offer(self, payload_type: int, payload: bytes) -> None:
        """A datagram came: it may be the answer."""
        if not self._future.done() and self._wanted(payload_type, payload):
            self._future.set_result(payload)

    def _next(self) -> None:
        if self._future.done():
            return
        if self._try == len(self._waits_s):
            total = sum(self._waits_s)
            self._future.set_exception(
                Silent(f"no answer to {self._try} requests within {total:.1f} s")
            )
            return
        self._send()
        loop = self._future.get_loop()
        self._timer = loop.call_later(self._waits_s[self._try], self._next)
        self._try += 1

"""Time and chance, owned: everything that waits, stamps or draws takes them from here.

`Clock` and `Chance` are handed out by `boot.py`; tests/sim hands out a clock that follows a virtual
event loop and a seeded chance, so that a seed replays a whole cloud. Timestamps are seconds since
1970 as floats, in the database too: one type, two databases, no time zones.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
import uuid
from datetime import UTC, datetime


class Clock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back, for durations."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class LoopClock(Clock):
    """A clock that follows the running event loop's time, for virtual loops."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start

    def now(self) -> float:
        return self._start + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Chance:
    """Randomness from the system."""

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def uniform(self, low: float, high: float) -> float:
        return random.uniform(low, high)

    def token_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def token_urlsafe(self, count: int) -> str:
        return secrets.token_urlsafe(count)


class SeededChance(Chance):
    """Replayable randomness for tests/sim; never for a secret of a real cloud."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def token_urlsafe(self, count: int) -> str:
        return self._random.randbytes(count).hex()


def iso(seconds: float, *, micro: bool = False) -> str:
    """`2026-01-31T12:00:00Z`, or with microseconds and no Z as Nova and Neutron sometimes want."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return text[:26] if micro else f"{text[:19]}Z"

"""A short change waits a moment for its node: what is under way is mostly done at once.

A client that switches a machine off and then changes what hangs on it need not ask twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from unkai.baremetal.service import Baremetal
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict

T = TypeVar("T")
PATIENCE_S = 2.0
_STEP_S = 0.1


async def take_turns(baremetal: Baremetal, write: Callable[[Tx], Awaitable[T]]) -> T:
    """A transaction, tried again while its node is locked; the Conflict after PATIENCE_S."""
    clock = baremetal.kit.clock
    until = clock.monotonic() + PATIENCE_S
    while True:
        try:
            return await baremetal.kit.database.transact(write)
        except Conflict as refused:
            if refused.code != "node-locked" or clock.monotonic() > until:
                raise
        await clock.sleep(_STEP_S)

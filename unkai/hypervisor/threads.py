"""Work on files in a thread, such that nobody leaves before it is done.

`asyncio.to_thread` lets a cancelled caller go on while its thread still writes; whoever comes next
would work on the same folder at the same time. Here the cancelled caller waits, then is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise

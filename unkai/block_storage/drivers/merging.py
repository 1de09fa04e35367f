"""Chains that grew long are made shorter: layers that one volume alone stands on become one.

The upper's contents are written into the lower, which nothing else shows; meanwhile the upper
hides all that changes, so that an interruption anywhere leaves the volume's contents as they were.
Layers that a snapshot, a clone or an image stands on stay as they are. It is done before a volume
that nobody has open is frozen again; a guest's disk would have to be asked to do it by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from unkai.block_storage.connection import Layer
from unkai.block_storage.drivers import qemu_img
from unkai.block_storage.drivers.layers import Layers
from unkai.block_storage.drivers.locks import Locks
from unkai.kit.errors import Failed

LONG: Final = 8
"""Layers of a volume from which on it is worth the work: what was written since is copied once."""
Do = Callable[..., Awaitable[Any]]
"""Runs a piece of disk work by itself."""


async def shorten(layers: Layers, locks: Locks, do: Do, volume_id: str) -> None:
    """Nobody has the volume open, and no other work on it is under way."""
    head = layers.named("volumes", volume_id)
    if head is None or sum(1 for _ in layers.chain(head.layer)) <= LONG:
        return
    while (found := layers.mergeable(volume_id)) is not None:
        above, upper, lower = found
        chain = tuple(
            Layer(
                path=str(layers.path(name)),
                format=info.format,
                encrypted=info.encryption is not None,
            )
            for name, info in layers.chain(upper)
        )
        info = layers.info(upper)
        assert info is not None
        try:
            await qemu_img.commit(chain, await locks.key(info.encryption))
        except Failed:  # no room, say: a long chain is slower, and no more
            return
        await do(layers.merged, volume_id, above, upper, lower)

"""What every action of the network service works with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from unkai.kit.db import Tx
from unkai.kit.workbench import Kit
from unkai.network.drivers.base import Kind, NetworkDriver, Ref
from unkai.network.store import dirty
from unkai.settings import NetworkSettings

ZONE = "nova"
"""The availability zone of networks and routers: the only one."""


def _no_hosts() -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class NetworkService:
    """`hosts`: names of the hosts whose wire the driver moves, for the list of agents.

    `physical_networks`: names an administrator may put flat and VLAN networks on.
    """

    kit: Kit
    settings: NetworkSettings
    driver: NetworkDriver
    hosts: Callable[[], Sequence[str]] = _no_hosts
    physical_networks: tuple[str, ...] = ("public",)
    wakers: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called once something new is to be put on the wire; the reconciler adds itself."""

    async def changed(self, tx: Tx, *things: Ref | tuple[Kind, Iterable[str]]) -> None:
        """Tell the wire about these once the transaction is durable."""
        refs: list[Ref] = []
        for thing in things:
            if isinstance(thing, Ref):
                refs.append(thing)
            else:
                refs.extend(Ref(thing[0], id) for id in thing[1])
        await dirty.mark(tx, [(ref.kind, ref.id) for ref in refs])
        tx.after_commit(self._wake)

    def _wake(self) -> None:
        for waker in self.wakers:
            waker()

"""Ports come up and go down on the wire: their status follows, and others are told.

The driver's word about one port is kept until it is written; a slow comparison of all bound ports
makes up for words that nobody heard.
"""

from __future__ import annotations

from collections.abc import Callable

from unkai.kit.db import Tx
from unkai.network.service import NetworkService
from unkai.network.states import ACTIVE, DOWN
from unkai.network.store import ports


class FollowPorts:
    def __init__(self, network: NetworkService) -> None:
        self._network = network
        self._heard: set[str] = set()
        self._compared_at = float("-inf")
        self.every_s = 30.0

    def watch(self, wake: Callable[[], None]) -> Callable[[], None]:
        def heard(port_id: str, up: bool) -> None:  # noqa: FBT001  # the driver's signature
            self._heard.add(port_id)
            wake()

        return self._network.driver.watch_ports(heard)

    async def run(self) -> None:
        network = self._network
        now = network.kit.clock.monotonic()
        heard, self._heard = self._heard, set()
        everyone = now - self._compared_at >= self.every_s
        if not heard and not everyone:
            return

        async def write(tx: Tx) -> None:
            rows = await ports.binding_statuses(tx, None if everyone else heard)
            changed: dict[str, list[str]] = {ACTIVE: [], DOWN: []}
            for row in rows:
                status = ACTIVE if network.driver.port_up(row.id) else DOWN
                if status != row.status:
                    changed[status].append(row.id)
            for status, ids in changed.items():
                if not ids:
                    continue
                await ports.set_statuses(tx, ids, status, network.kit.clock.now())
                for port_id in ids:
                    name = "port.up" if status == ACTIVE else "port.down"
                    await network.kit.events.emit(tx, name, port_id, {"port_id": port_id})

        try:
            await network.kit.database.transact(write)
        except BaseException:
            self._heard |= heard
            raise
        if everyone:
            self._compared_at = now

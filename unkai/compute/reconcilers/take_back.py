"""Claims and ports whose server is gone go back, once they were seen twice without an owner."""

from __future__ import annotations

from unkai.compute.actions.busy_servers import busy_servers
from unkai.compute.actions.take_back import (
    lost_claims,
    lost_ports,
    take_back_claim,
    take_back_port,
)
from unkai.compute.service import Compute
from unkai.network.actions.describe_devices import DevicePort


class TakeBack:
    """Remembers what the last run saw."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._claims: set[str] = set()
        self._ports: set[DevicePort] = set()

    async def run(self) -> None:
        compute = self._compute
        reader = compute.kit.database.reader
        busy = await busy_servers(compute, reader)
        claims = await lost_claims(compute, reader, busy)
        ports = set(await lost_ports(compute, reader, busy))
        for consumer_id in sorted(claims & self._claims):
            await take_back_claim(compute, consumer_id)
        for port in sorted(ports & self._ports, key=lambda one: one.port_id):
            await take_back_port(compute, port)
        self._claims, self._ports = claims, ports

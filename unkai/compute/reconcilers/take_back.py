"""Claims, ports and volumes of servers that are gone go back, once they were seen so twice."""

from __future__ import annotations

from unkai.compute.actions.audit_server_volumes import lost_attachments, take_back_attachment
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
        self._attachments: set[str] = set()

    async def run(self) -> None:
        compute = self._compute
        reader = compute.kit.database.reader
        busy = await busy_servers(compute, reader)
        claims = await lost_claims(compute, reader, busy)
        ports = set(await lost_ports(compute, reader, busy))
        attachments = await lost_attachments(compute, reader, busy)
        for consumer_id in sorted(claims & self._claims):
            await take_back_claim(compute, consumer_id)
        for port in sorted(ports & self._ports, key=lambda one: one.port_id):
            await take_back_port(compute, port)
        for attachment_id in sorted(attachments & self._attachments):
            await take_back_attachment(compute, attachment_id)
        self._claims, self._ports, self._attachments = claims, ports, attachments

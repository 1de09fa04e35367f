"""The boot script of a machine that has volumes, on its tenant's network.

DHCP sends its iPXE to the network's metadata port. The script holds the volumes' secrets, so only
the address of the machine's own NIC gets it; whatever else is asked there is the metadata's.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.network.actions.machine_portal import machine_at
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

PATH: Final = "/boot.ipxe"
NETWORK_KEY: Final = "unkai.network_id"


class TenantBoot:
    """rest: who answers everything else."""

    def __init__(self, baremetal: Baremetal, rest: ASGIApp) -> None:
        self._baremetal = baremetal
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._rest(scope, receive, send)
            return
        response = await self._script(Request(scope))
        await response(scope, receive, send)

    async def _script(self, request: Request) -> Response:
        baremetal, network_id = self._baremetal, request.scope.get(NETWORK_KEY)
        reader = baremetal.kit.database.reader
        address = request.client.host if request.client else ""
        found = await machine_at(baremetal.network, reader, network_id or "", address)
        node = await nodes.get_node(reader, found) if found else None
        text = baremetal.boot(node).script(node) if node is not None else None
        if node is None or text is None:
            return PlainTextResponse("Nothing is to be booted from here.\n", status_code=404)
        now = baremetal.kit.clock.now()
        seen = event(
            f"node/{node.uuid}",
            who.HTTP,
            "script to boot with volumes",
            started_at=now,
            ended_at=now,
            request_id="",
            detail=f"to {address}",
        )
        await baremetal.kit.database.transact(lambda tx: record(tx, seen))
        return PlainTextResponse(text)

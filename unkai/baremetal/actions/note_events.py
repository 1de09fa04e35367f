"""What Neutron tells of ports: it goes onto the timeline of the node that has the NIC."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.ports import ports_with
from unkai.kit.db import Tx
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record


async def note_events(
    baremetal: Baremetal, told: Sequence[tuple[str, str, str]], *, request_id: str
) -> None:
    """told: (MAC, event, status) each; a MAC that no node has says nothing."""
    now = baremetal.kit.clock.now()

    async def write(tx: Tx) -> None:
        found = {port.address: port for port in await ports_with(tx, [mac for mac, *_ in told])}
        events = [
            event(
                f"node/{found[mac].node_uuid}",
                who.NEUTRON_API,
                name,
                started_at=now,
                ended_at=now,
                request_id=request_id,
                detail=f"{mac}: {status}",
            )
            for mac, name, status in told
            if mac in found
        ]
        if events:
            await record(tx, *events)

    await baremetal.kit.database.transact(write)

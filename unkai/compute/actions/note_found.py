"""What a host was found to have done by itself: an action of the server's, and its timeline."""

from __future__ import annotations

from unkai.compute.model import Server, ServerAction
from unkai.compute.service import Compute
from unkai.compute.store import server_actions
from unkai.kit.db import Tx
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record


async def note_found(
    compute: Compute, tx: Tx, server: Server, *, action: str, result: str, seen: str, why: str
) -> None:
    """action: as os-instance-actions lists it; result: Success or Error; seen: for the timeline."""
    now = compute.kit.clock.now()
    request_id = f"req-{compute.kit.chance.uuid()}"
    noted = ServerAction(
        server_id=server.id,
        action=action,
        request_id=request_id,
        project_id=server.project_id,
        user_id=server.user_id,
        started_at=now,
        updated_at=now,
        event="compute_sync_power_state",
        ended_at=now,
        result=result,
        host=server.host,
        details=why,
    )
    await server_actions.add_actions(tx, [noted])
    await record(
        tx,
        event(
            f"server/{server.id}",
            who.HYPERVISOR,
            seen,
            started_at=now,
            ended_at=now,
            request_id=request_id,
            detail=why,
        ),
    )

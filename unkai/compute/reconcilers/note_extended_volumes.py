"""A volume that grew in front of its servers is on their lists of actions, as Nova has it."""

from __future__ import annotations

from unkai.compute.model import ServerAction
from unkai.compute.service import Compute
from unkai.compute.store import server_actions, servers
from unkai.kit.db import Tx
from unkai.kit.events import Event


def note_extended_volumes(compute: Compute) -> None:
    """Follow block storage's events, each of which may come twice."""

    async def extended(event: Event) -> None:
        for server_id in event.payload["servers"]:
            await compute.kit.database.transact(
                lambda tx, server_id=server_id: _note(tx, server_id, event)
            )

    compute.kit.events.subscribe("volume.extended", extended)


async def _note(tx: Tx, server_id: str, event: Event) -> None:
    server, request_id = await servers.get_server(tx, server_id), event.payload["request_id"]
    if server is None or await server_actions.get_action(tx, server_id, request_id) is not None:
        return
    noted = ServerAction(
        server_id=server_id,
        action="extend_volume",
        request_id=request_id,
        project_id=server.project_id,
        user_id=event.payload["user_id"],
        started_at=event.payload["began_at"],
        updated_at=event.at,
        event="compute_extend_volume",
        ended_at=event.at,
        result="Success",
        host=server.host,
    )
    await server_actions.add_actions(tx, [noted])

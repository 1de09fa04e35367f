"""lock and unlock: whether anyone but an administrator may do something to the server."""

from __future__ import annotations

from unkai.compute.actions.find_server import own_server
from unkai.compute.actions.submit_action import note_action
from unkai.compute.service import Compute
from unkai.compute.store import servers
from unkai.kit.db import Tx
from unkai.kit.errors import Forbidden
from unkai.kit.policy import Caller


async def lock_server(
    compute: Compute, caller: Caller, server_id: str, reason: str | None, *, request_id: str
) -> None:
    async def admit(tx: Tx) -> None:
        server = await own_server(tx, caller, server_id)
        by = "owner" if caller.project_id == server.project_id else "admin"
        if server.locked_by == "admin":
            by = "admin"
        await servers.change_server(
            tx, server.id, compute.kit.clock.now(), locked_by=by, locked_reason=reason
        )
        await note_action(compute, tx, caller, server, "lock", request_id=request_id, done=True)

    await compute.kit.database.transact(admit)


async def unlock_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> None:
    async def admit(tx: Tx) -> None:
        server = await own_server(tx, caller, server_id)
        if server.locked_by == "admin" and not caller.is_admin:
            raise Forbidden(
                "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override "
                "to be performed.",
                code="policy",
            )
        await servers.change_server(
            tx, server.id, compute.kit.clock.now(), locked_by=None, locked_reason=None
        )
        await note_action(compute, tx, caller, server, "unlock", request_id=request_id, done=True)

    await compute.kit.database.transact(admit)

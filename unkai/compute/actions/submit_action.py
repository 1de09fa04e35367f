"""How an operation on a server begins: whose it is, whether it may, and its first trace."""

from __future__ import annotations

from typing import Any

from unkai.compute import states
from unkai.compute.actions.capabilities import check_capability
from unkai.compute.actions.find_server import unlocked_server
from unkai.compute.model import Server, ServerAction
from unkai.compute.service import Compute
from unkai.compute.store import server_actions, servers
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.operations import Operation
from unkai.kit.policy import Caller
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record


async def submit_action(
    compute: Compute,
    caller: Caller,
    server_id: str,
    verb: states.Verb,
    operation: Operation,
    *,
    request_id: str,
    input: dict[str, Any] | None = None,
) -> Server:
    """Set the verb's task and start its operation; NotFound, Forbidden or Conflict as Nova says."""

    async def admit(tx: Tx) -> Server:
        server = await unlocked_server(tx, caller, server_id)
        check_capability(server, verb)
        states.check(verb, server.id, server.vm_state, server.task_state)
        if server.host is None:
            raise Conflict(
                f"Cannot '{verb.name}' instance {server.id} while it has no host: its boot failed.",
                code="server-hostless",
                remedy="Delete it and create another one.",
            )
        given = {**(input or {}), "from": server.vm_state}
        await begin(compute, tx, caller, server, verb=verb, request_id=request_id)
        await submit(compute, tx, caller, server, operation, request_id=request_id, input=given)
        return server

    return await compute.kit.database.transact(admit)


async def begin(
    compute: Compute,
    tx: Tx,
    caller: Caller,
    server: Server,
    *,
    verb: states.Verb,
    request_id: str,
    **values: Any,
) -> None:
    """Write what an admitted verb leaves at once: its task, its action, its timeline."""
    now = compute.kit.clock.now()
    await servers.change_server(tx, server.id, now, task_state=verb.task, **values)
    await note_action(compute, tx, caller, server, verb.action, request_id=request_id)


async def submit(
    compute: Compute,
    tx: Tx,
    caller: Caller,
    server: Server,
    operation: Operation,
    *,
    request_id: str,
    input: dict[str, Any],
    supersede: bool = False,
    deadline_s: float | None = None,
) -> None:
    await compute.kit.operations.submit(
        tx,
        operation,
        f"server/{server.id}",
        project_id=server.project_id,
        user_id=caller.user_id,
        request_id=request_id,
        input={**placed(server), **input},
        supersede=supersede,
        deadline_s=deadline_s,
    )


def placed(server: Server) -> dict[str, Any]:
    """What most steps need of a server: it does not change while its operation is under way."""
    return {"host": server.host, "ports": [nic.port_id for nic in server.nics]}


def _event_of(action: str) -> str:
    """Nova's word for the work: of which thing the action names, if it is not the server."""
    return f"compute_{action}" + ("" if action.endswith(("_volume", "_interface")) else "_instance")


async def note_action(
    compute: Compute,
    tx: Tx,
    caller: Caller,
    server: Server,
    action: str,
    *,
    request_id: str,
    done: bool = False,
) -> None:
    """For os-instance-actions and the timeline; `done`: it is all there is to it."""
    now = compute.kit.clock.now()
    noted = ServerAction(
        server_id=server.id,
        action=action,
        request_id=request_id,
        project_id=caller.project_id or server.project_id,
        user_id=caller.user_id,
        started_at=now,
        updated_at=now,
        event=None if done else _event_of(action),
        host=server.host,
    )
    await server_actions.add_actions(tx, [noted])
    asked: dict[str, Any] = {"started_at": now, "ended_at": now, "request_id": request_id}
    subject = f"server/{server.id}"
    await record(
        tx,
        event(subject, who.USER, action, detail=caller.user_name, **asked),
        event(subject, who.NOVA_API, f"admit {action}", **asked),
    )

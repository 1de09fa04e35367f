"""How a verb on a node begins: whose it is, whether it may, and its first trace."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.change_state import NODE_CHANGED, moved
from unkai.baremetal.actions.find_node import not_busy
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.operations import Operation
from unkai.kit.policy import Caller
from unkai.timeline import model as who
from unkai.timeline.actions.record import event as happened
from unkai.timeline.actions.record import record


async def begin_verb(
    baremetal: Baremetal,
    tx: Tx,
    caller: Caller,
    node: Node,
    *,
    verb: Event,
    operation: Operation,
    request_id: str,
    name: str | None = None,
    input: dict[str, Any] | None = None,
    supersede: bool = False,
    **values: Any,
) -> None:
    """Move the node and start the operation; Conflict while another one holds the node.

    supersede: what is under way is cancelled and undone first (abort, delete).
    """
    subject = f"node/{node.uuid}"
    now = baremetal.kit.clock.now()
    move = moved(node, verb, now, name=name)
    if not supersede:
        await not_busy(baremetal, tx, node)
    await nodes.change_node(tx, node, now, **{**move, "last_error": None, **values})
    await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)
    await baremetal.kit.operations.submit(
        tx,
        operation,
        subject,
        project_id=caller.project_id or node.owner,
        user_id=caller.user_id,
        request_id=request_id,
        input={"from": node.provision_state, **(input or {})},
        supersede=supersede,
    )
    await record_verb(tx, caller, node, name or verb, at=now, request_id=request_id)


async def record_verb(
    tx: Tx,
    caller: Caller,
    node: Node,
    name: str,
    *,
    at: float,
    request_id: str,
    done: str | None = None,
) -> None:
    """Its first trace: asked for, and admitted. done: what there was to do, if that was all."""
    subject = f"node/{node.uuid}"
    asked: dict[str, Any] = {"started_at": at, "ended_at": at, "request_id": request_id}
    traces = [
        happened(subject, who.USER, name, detail=caller.user_name, **asked),
        happened(subject, who.IRONIC_API, f"admit {name}", **asked),
    ]
    if done is not None:
        traces.append(happened(subject, who.IRONIC_CONDUCTOR, done, **asked))
    await record(tx, *traces)

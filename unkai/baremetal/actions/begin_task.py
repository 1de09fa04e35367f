"""How work begins that leaves a node's provision state alone: power, boot mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unkai.baremetal.actions.change_state import node_uuid_of, note
from unkai.baremetal.actions.find_node import free_node, transact_when_free
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import Fault
from unkai.kit.operations import Operation, Run
from unkai.kit.policy import Caller
from unkai.timeline import model as who
from unkai.timeline.actions.record import event as happened
from unkai.timeline.actions.record import record


async def begin_task(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    rule: str,
    operation: Operation,
    *,
    check: Callable[[Node], dict[str, Any]],
    input: dict[str, Any],
    request_id: str,
) -> None:
    """Admit it in one transaction. check: raises, or gives the columns that tell of the work."""

    async def admit(tx: Tx) -> None:
        node = await free_node(baremetal, tx, caller, ident, rule)
        values = check(node)
        now = baremetal.kit.clock.now()
        await nodes.change_node(tx, node, now, last_error=None, **values)
        subject = f"node/{node.uuid}"
        await baremetal.kit.operations.submit(
            tx,
            operation,
            subject,
            project_id=caller.project_id or node.owner,
            user_id=caller.user_id,
            request_id=request_id,
            input=input,
        )
        asked: dict[str, Any] = {"started_at": now, "ended_at": now, "request_id": request_id}
        said = f"{operation.kind} {input['target']}"
        await record(
            tx,
            happened(subject, who.USER, said, detail=caller.user_name, **asked),
            happened(subject, who.IRONIC_API, f"admit {said}", **asked),
        )

    await transact_when_free(baremetal, admit)


async def write_node(baremetal: Baremetal, tx: Tx, run: Run, **values: Any) -> None:
    """Columns of the run's node as it is in this transaction."""
    node = await nodes.get_node(tx, node_uuid_of(run))
    assert node is not None
    await nodes.change_node(tx, node, baremetal.kit.clock.now(), **values)


async def fail_task(baremetal: Baremetal, tx: Tx, run: Run, **values: Any) -> None:
    """The end of a task that failed: last_error and a line of history; the state stays."""
    said = run.error.public if isinstance(run.error, Fault) else "It failed."
    await write_node(baremetal, tx, run, last_error=said, **values)
    uuid = node_uuid_of(run)
    await note(baremetal, tx, uuid, said, run.kind, severity="ERROR", run=run)

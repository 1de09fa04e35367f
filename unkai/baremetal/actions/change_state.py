"""A node moves in its state machine: one place writes provision_state, and notes it.

`moved` gives the columns for an event, `fail_node` ends an operation that failed: the state the
table says, last_error, and a line of history.
"""

from __future__ import annotations

from typing import Any

from unkai.baremetal.model import HistoryEntry, Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event, move
from unkai.baremetal.store import nodes
from unkai.baremetal.store.history import HISTORY
from unkai.kit.db import Tx
from unkai.kit.errors import Fault
from unkai.kit.operations import Result, Run

NODE_CHANGED = "node.changed"
"""Its state, its instance or what it may be used for; the key is the node's uuid."""

LOGIN_CHANGED = "node.login-changed"
"""How its BMC is reached, or it is gone; the key is the node's uuid."""


def node_uuid_of(run: Run) -> str:
    return run.subject.removeprefix("node/")


async def node_of(baremetal: Baremetal, run: Run) -> Node:
    """The node of a run, as it is now."""
    node = await nodes.get_node(baremetal.kit.database.reader, node_uuid_of(run))
    assert node is not None, f"{run.subject} is gone while {run.kind} is under way"
    return node


def moved(node: Node, event: Event, now: float, *, name: str | None = None) -> dict[str, Any]:
    """Columns after an event; BadRequest where the machine has no such line."""
    to = move(node.uuid, node.provision_state, event, name=name)
    target = to.target
    if event in (Event.WAIT, Event.RESUME, Event.HOLD, Event.UNHOLD, Event.FAIL):
        target = node.target_provision_state or to.target
    if to.state == State.ENROLL:
        target = None
    columns: dict[str, Any] = {
        "provision_state": to.state,
        "target_provision_state": target,
        "provision_updated_at": now,
    }
    if event in (Event.DONE, Event.FAIL, Event.MANAGE):
        columns["agent_token"] = None  # the work has ended, and what its agent proved itself with
    return columns


async def move_node(baremetal: Baremetal, tx: Tx, uuid: str, event: Event, **values: Any) -> Node:
    """Write an event's move and other columns of the node as it is in this transaction."""
    node = await nodes.get_node(tx, uuid)
    assert node is not None
    now = baremetal.kit.clock.now()
    await nodes.change_node(tx, node, now, **{**moved(node, event, now), **values})
    await baremetal.kit.events.emit(tx, NODE_CHANGED, uuid)
    return node


def moving(
    baremetal: Baremetal, run: Run, event: Event, value: Any = None, **values: Any
) -> Result:
    """A step's result that moves its node in the transaction that saves it."""

    async def write(tx: Tx) -> None:
        await move_node(baremetal, tx, node_uuid_of(run), event, **values)

    return Result(write=write)


async def fail_node(baremetal: Baremetal, tx: Tx, run: Run, **values: Any) -> None:
    """The end of an operation that failed, in the transaction that ends it."""
    error = run.error
    said = error.public if isinstance(error, Fault) else "It failed."
    uuid = node_uuid_of(run)
    await note(baremetal, tx, uuid, said, run.kind, severity="ERROR", run=run)
    await move_node(baremetal, tx, uuid, Event.FAIL, last_error=said, **values)


async def note(
    baremetal: Baremetal,
    tx: Tx,
    node_uuid: str,
    event: str,
    event_type: str,
    *,
    severity: str = "INFO",
    run: Run | None = None,
) -> None:
    """A line of the node's history, with the state that it is in now. run: for whom it was."""
    node = await nodes.get_node(tx, node_uuid)
    assert node is not None
    now = baremetal.kit.clock.now()
    entered = node.provision_updated_at
    entry = HistoryEntry(
        uuid=baremetal.kit.chance.uuid(),
        node_uuid=node_uuid,
        conductor=baremetal.conductor,
        event=event,
        event_type=event_type,
        severity="ERROR" if severity == "ERROR" else "INFO",
        user=run.user_id if run else None,
        project=run.project_id if run else None,
        state=node.provision_state,
        target_provision_state=node.target_provision_state,
        duration_seconds=None if entered is None else int(now - entered),
        created_at=now,
    )
    await HISTORY.add(tx, entry)

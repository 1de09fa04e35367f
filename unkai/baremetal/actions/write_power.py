"""What the BMCs said of their machines' power, into the tables: only what is another than before.

A BMC that does not answer for `LOST_AFTER` polls puts its node into maintenance with the fault
"power failure"; its first answer takes both away again. A node with work under way is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unkai.baremetal.actions.change_state import NODE_CHANGED, note
from unkai.baremetal.actions.restore_power import RESTORE_POWER
from unkai.baremetal.model import Node, PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import Fault
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

LOST_AFTER = 3
POWER_FAILURE = "power failure"
KIND = "power sync"


@dataclass(frozen=True, slots=True)
class Seen:
    """One poll of a node. power: None where it failed, `fault` says why.

    failures: polls without an answer in a row, this one included. restore: the machine is to be
    set to what the table says. in_vain: it was, and did not obey.
    """

    node: Node
    power: PowerState | None
    health: str | None
    fault: Fault | None = None
    failures: int = 0
    restore: bool = False
    in_vain: bool = False


def matters(seen: Seen) -> bool:
    """Whether a poll changes anything; most do not, and cost no transaction."""
    return seen.restore or bool(changes(seen.node, seen))


def changes(node: Node, seen: Seen) -> dict[str, Any]:
    """Columns of the node, as it is now, that this poll makes another."""
    found: dict[str, Any] = {}
    if seen.health is not None and seen.health != node.health:
        found["health"] = seen.health
    if seen.power is None or seen.in_vain:
        if (seen.in_vain or seen.failures >= LOST_AFTER) and not node.maintenance:
            found |= _lost(node, seen)
        return found
    if node.fault == POWER_FAILURE:
        found |= {"maintenance": False, "maintenance_reason": None, "fault": None}
    if seen.power != node.power_state and not seen.restore:
        found["power_state"] = seen.power
    return found


async def write_power(baremetal: Baremetal, polls: Sequence[Seen]) -> None:
    """All in one transaction, each against its node as it is in it."""

    async def write(tx: Tx) -> None:
        busy = await baremetal.kit.operations.held(tx, "node")
        for seen in polls:
            if f"node/{seen.node.uuid}" not in busy:
                await _write_one(baremetal, tx, seen)

    await baremetal.kit.database.transact(write)


async def _write_one(baremetal: Baremetal, tx: Tx, seen: Seen) -> None:
    node = await nodes.get_node(tx, seen.node.uuid)
    if node is None or node.power_state != seen.node.power_state:
        return  # it moved on since it was read; the next poll compares anew
    now = baremetal.kit.clock.now()
    values = changes(node, seen)
    if "power_state" in values:
        values |= {"power_changed_at": now, "target_power_state": None}
    if values:
        await nodes.change_node(tx, node, now, **values)
    if "maintenance" in values:
        await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)
    said = _said(node, seen, values)
    if said:
        failed = values.get("fault") == POWER_FAILURE
        await note(baremetal, tx, node.uuid, said, KIND, severity="ERROR" if failed else "INFO")
        told = event(
            f"node/{node.uuid}",
            who.IRONIC_CONDUCTOR,
            "sync power state",
            started_at=now,
            ended_at=now,
            request_id="",
            outcome="failed" if failed else "ok",
            detail=said,
        )
        await record(tx, told)
    if seen.restore and not node.maintenance:
        await baremetal.kit.operations.submit(
            tx,
            RESTORE_POWER,
            f"node/{node.uuid}",
            project_id=node.owner,
            user_id=None,
            request_id="",
            input={"power_state": node.power_state},
        )


def _lost(node: Node, seen: Seen) -> dict[str, Any]:
    if seen.in_vain:
        why = (
            f"The machine is found in {seen.power} and does not become {node.power_state}, though "
            "its BMC was told to repeatedly."
        )
    else:
        why = f"The power state could not be read {seen.failures} times in a row."
        if seen.fault is not None:
            why += f" {seen.fault.public}"
    return {
        "power_state": seen.power or PowerState.ERROR,
        "maintenance": True,
        "maintenance_reason": why,
        "fault": POWER_FAILURE,
        "last_error": why,
    }


def _said(node: Node, seen: Seen, values: dict[str, Any]) -> str:
    """A sentence for the history; empty for what only concerns the BMC's health."""
    if values.get("fault") == POWER_FAILURE:
        return str(values["last_error"])
    if seen.restore:
        return f"The machine was found in {seen.power}; it is set back to {node.power_state}."
    if "fault" in values:
        return f"The BMC answers again: {seen.power}. Maintenance for {POWER_FAILURE} has ended."
    if "power_state" in values and node.power_state is not None:
        return f"The machine was found in {seen.power} instead of {node.power_state}."
    return ""

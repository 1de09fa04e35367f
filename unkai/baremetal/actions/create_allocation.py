"""Ask for a node: admitted at once, chosen by an operation that outlives a crash.

A node is chosen and reserved in one transaction, so that two allocations never get the same one.
With a node that is already active (backfilling) there is nothing to choose, and no operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.baremetal.actions.find_below import check_unique
from unkai.baremetal.actions.find_node import find_node, not_busy
from unkai.baremetal.model import Allocation, Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.allocations import ALLOCATIONS, free_nodes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, Forbidden, NotFound
from unkai.kit.operations import Operation, Result, Retry, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who

PATIENCE_S = 10.0
"""How long to wait for a node that would fit but is locked."""


async def create_allocation(
    baremetal: Baremetal,
    caller: Caller,
    values: dict[str, Any],
    *,
    node_ident: str | None,
    request_id: str,
) -> Allocation:
    """values: fields of an Allocation; candidate_nodes may be names.

    node_ident: the active node that the allocation is made for afterwards; None to choose one.
    """
    kit = baremetal.kit

    async def write(tx: Tx) -> Allocation:
        made: dict[str, Any] = {
            **values,
            "owner": _owner(caller, values.get("owner")),
            "created_at": kit.clock.now(),
        }
        named: list[str] = values.get("candidate_nodes", [])
        made["candidate_nodes"] = [(await _seen(tx, caller, one)).uuid for one in named]
        node = None if node_ident is None else await _seen(tx, caller, node_ident)
        if node is not None:
            made["resource_class"] = made.get("resource_class") or node.resource_class
            made.setdefault("uuid", node.instance_uuid or kit.chance.uuid())
        elif not made.get("resource_class"):
            raise BadRequest(
                "The resource_class field is mandatory when not backfilling.",
                code="no-resource-class",
            )
        made.setdefault("uuid", kit.chance.uuid())
        allocation = Allocation(**made)
        taken = {"uuid": allocation.uuid, "name": allocation.name}
        await check_unique(tx, ALLOCATIONS, taken, noun="allocation")
        if node is not None:
            return await _backfill(baremetal, tx, allocation, node)
        await ALLOCATIONS.add(tx, allocation)
        await kit.operations.submit(
            tx,
            ALLOCATE,
            f"allocation/{allocation.uuid}",
            project_id=caller.project_id,
            user_id=caller.user_id,
            request_id=request_id,
            input={},
        )
        return allocation

    return await kit.database.transact(write)


def _owner(caller: Caller, asked: str | None) -> str | None:
    """Only the cloud's own people choose the owner; anybody else's is its project."""
    if caller.is_admin or "service" in caller.roles:
        return asked
    if asked not in (None, caller.project_id):
        raise Forbidden(
            f"Cannot create allocation with an owner Project ID value {asked} not matching the "
            f"requester Project ID {caller.project_id}.",
            code="policy",
        )
    return caller.project_id


async def _seen(session: Session, caller: Caller, ident: str) -> Node:
    try:
        return await find_node(session, caller, ident)
    except NotFound as unknown:
        raise BadRequest(unknown.message, code="node-unknown") from unknown


async def _backfill(baremetal: Baremetal, tx: Tx, allocation: Allocation, node: Node) -> Allocation:
    wrong: list[str] = []
    if node.provision_state != State.ACTIVE:
        wrong.append(f'it must be "active", but is "{node.provision_state}"')
    if node.resource_class != allocation.resource_class:
        wrong.append(f"its resource class is {node.resource_class}")
    if not set(allocation.traits) <= set(node.traits):
        wrong.append(f"its traits are {', '.join(node.traits) or 'none'}")
    if allocation.candidate_nodes and node.uuid not in allocation.candidate_nodes:
        wrong.append("it is none of the candidate nodes")
    if node.instance_uuid not in (None, allocation.uuid):
        wrong.append(f"it is associated with instance {node.instance_uuid}")
    if wrong:
        raise Conflict(
            f"Cannot backfill an allocation for node {node.uuid}: {'; '.join(wrong)}.",
            code="allocation-backfill",
        )
    await not_busy(baremetal, tx, node)
    other = await nodes.node_of_instance(tx, allocation.uuid)
    if other is not None and other.uuid != node.uuid:
        raise Conflict(
            f"Instance {allocation.uuid} is already associated with another node.",
            code="instance-associated",
        )
    await _reserve(baremetal, tx, allocation, node)
    await ALLOCATIONS.add(tx, allocation)
    values: dict[str, Any] = {"node_uuid": node.uuid, "state": "active"}
    await ALLOCATIONS.change(tx, allocation.uuid, **values)
    found = await ALLOCATIONS.get(tx, allocation.uuid)
    assert found is not None
    return found


async def _reserve(baremetal: Baremetal, tx: Tx, allocation: Allocation, node: Node) -> None:
    await nodes.change_node(
        tx,
        node,
        baremetal.kit.clock.now(),
        allocation_uuid=allocation.uuid,
        instance_uuid=allocation.uuid,
        instance_info={**node.instance_info, "traits": allocation.traits},
    )


async def choose_node(baremetal: Baremetal, run: Run) -> Result | None:
    """The step: reserve one of the nodes that fit, or say why there is none."""
    uuid = run.subject.partition("/")[2]
    session = baremetal.kit.database.reader
    allocation = await ALLOCATIONS.get(session, uuid)
    if allocation is None or allocation.state != "allocating":
        return None
    fitting, _ = await _fitting(session, allocation)
    waited_s = baremetal.kit.clock.now() - run.step_started_at
    if fitting and not await _unlocked(baremetal, session, fitting) and waited_s < PATIENCE_S:
        raise Retry(f"{len(fitting)} nodes would fit, but all of them are locked.", 0.2)

    async def write(tx: Tx) -> None:
        allocation = await ALLOCATIONS.get(tx, uuid)
        if allocation is None:  # deleted meanwhile
            return
        fitting, why = await _fitting(tx, allocation)
        free = await _unlocked(baremetal, tx, fitting)
        values: dict[str, Any]
        if free:
            node = _pick(baremetal, allocation, free)
            await _reserve(baremetal, tx, allocation, node)
            values = {"node_uuid": node.uuid, "state": "active"}
        else:
            why = why or f"could not reserve any of {len(fitting)} suitable nodes"
            said = f"Failed to process allocation {uuid}: {why}."
            values = {"state": "error", "last_error": said}
        await ALLOCATIONS.change(tx, uuid, updated_at=baremetal.kit.clock.now(), **values)

    return Result(write=write)


async def _fitting(session: Session, wanted: Allocation) -> tuple[Sequence[Node], str]:
    """Nodes that fit, or why there is none."""
    found = await free_nodes(session, wanted)
    if not found:
        whose = "none of the requested nodes are available and" if wanted.candidate_nodes else None
        return [], f"{whose or 'no available nodes'} match the resource class " + str(
            wanted.resource_class
        )
    fitting = [node for node in found if set(wanted.traits) <= set(node.traits)]
    if not fitting:
        return [], f"no suitable nodes have the requested traits {', '.join(wanted.traits)}"
    return fitting, ""


async def _unlocked(
    baremetal: Baremetal, session: Session, fitting: Sequence[Node]
) -> Sequence[Node]:
    held = await baremetal.kit.operations.held(session, "node")
    return [node for node in fitting if f"node/{node.uuid}" not in held]


def _pick(baremetal: Baremetal, allocation: Allocation, free: Sequence[Node]) -> Node:
    """The node of the allocation's own name, else any: so that none is worn more than others."""
    same = [node for node in free if node.name is not None and node.name == allocation.name]
    if same:
        return same[0]
    return free[min(int(baremetal.kit.chance.uniform(0, len(free))), len(free) - 1)]


ALLOCATE = Operation("allocate-node", Step(choose_node, who.IRONIC_CONDUCTOR))

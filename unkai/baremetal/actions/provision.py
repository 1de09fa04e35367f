"""`PUT .../states/provision`: the verb, what it needs, and the operation that does it."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from unkai.baremetal.actions.begin_verb import begin_verb, record_verb
from unkai.baremetal.actions.change_state import NODE_CHANGED, moved
from unkai.baremetal.actions.choose_operation import choose_operation
from unkai.baremetal.actions.find_node import not_busy, permitted_node, transact_when_free
from unkai.baremetal.actions.node_volumes import boots_from_volume
from unkai.baremetal.actions.resolve_image import check_image, check_instance
from unkai.baremetal.actions.unhold_node import unhold_node
from unkai.baremetal.model import Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import TRANSITIONS, WAITING, Event, refuse, verb
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.policy import Caller

_RULE = "baremetal:node:set_provision_state"
SUPERSEDES = frozenset({Event.ABORT, Event.DELETE})
"""Verbs that end what is under way: it is cancelled and taken back first."""


async def provision(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    target: str,
    *,
    request_id: str,
    input: dict[str, Any] | None = None,
    instance_info: dict[str, Any] | None = None,
) -> Node:
    """Begin what `target` names; the node as it was.

    input: clean_steps, deploy_steps, service_steps, disable_ramdisk, as the API words them.
    instance_info: more of it (configdrive, rescue_password).
    BadRequest for a verb out of place or a node not ready for it, Conflict while something is under
    way, NotFound, Forbidden.
    """
    event = verb(target)
    if event == Event.UNHOLD:
        return await unhold_node(baremetal, caller, ident)

    steps = [name for name in ("clean_steps", "service_steps") if (input or {}).get(name)]
    rules = [_RULE, *(f"{_RULE}:{name}" for name in steps)]

    async def only_word(tx: Tx, node: Node, done: str) -> None:
        now = baremetal.kit.clock.now()
        await record_verb(tx, caller, node, target, at=now, request_id=request_id, done=done)

    async def admit(tx: Tx) -> Node:
        node = await permitted_node(tx, caller, ident, *rules)
        if (node.provision_state, event) not in TRANSITIONS:
            if node.provision_state not in WAITING:
                await not_busy(baremetal, tx, node)
            raise refuse(node.uuid, target, node.provision_state)
        if event == Event.MANAGE and node.provision_state != State.ENROLL:
            await _only_move(baremetal, tx, node, event, target)
            await only_word(tx, node, "mark manageable")
            return node
        from_volume = False
        if event in (Event.DEPLOY, Event.REBUILD):
            from_volume = await boots_from_volume(baremetal, tx, node)
        values = _values(baremetal, node, event, instance_info or {}, from_volume=from_volume)
        if event in (Event.DEPLOY, Event.REBUILD) and not from_volume:
            await check_image(baremetal, tx, caller, node)
        operation = choose_operation(baremetal, node, event, input or {}, from_volume=from_volume)
        if operation is None:
            await _make_available(baremetal, tx, node, target)
            await only_word(tx, node, "finish cleaning")
            return node
        await begin_verb(
            baremetal,
            tx,
            caller,
            node,
            verb=event,
            operation=operation,
            request_id=request_id,
            name=target,
            input=input,
            supersede=event in SUPERSEDES,
            **values,
        )
        return node

    return await transact_when_free(baremetal, admit)


async def _only_move(baremetal: Baremetal, tx: Tx, node: Node, event: Event, name: str) -> None:
    """From a failure or from available back to manageable: nobody needs to be asked."""
    now = baremetal.kit.clock.now()
    values = moved(node, event, now, name=name)
    await not_busy(baremetal, tx, node)
    if node.fault == "clean failure":
        values |= {"maintenance": False, "maintenance_reason": None, "fault": None}
    values["target_provision_state"] = None
    await nodes.change_node(tx, node, now, last_error=None, **values)
    await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)


async def _make_available(baremetal: Baremetal, tx: Tx, node: Node, name: str) -> None:
    """Through cleaning, of which there is none."""
    now = baremetal.kit.clock.now()
    await not_busy(baremetal, tx, node)
    cleaning = structs.replace(node, **moved(node, Event.PROVIDE, now, name=name))
    values = {**moved(cleaning, Event.DONE, now), "target_provision_state": None}
    await nodes.change_node(tx, node, now, last_error=None, **values)
    await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)


def _values(
    baremetal: Baremetal,
    node: Node,
    event: Event,
    instance_info: dict[str, Any],
    *,
    from_volume: bool,
) -> dict[str, Any]:
    """More columns that a verb writes at once; BadRequest where the node is not ready for it."""
    now = baremetal.kit.clock.now()
    values: dict[str, Any] = {}
    if instance_info:
        values["instance_info"] = {**node.instance_info, **instance_info}
    if event in (Event.DEPLOY, Event.REBUILD):
        if node.maintenance:
            raise BadRequest(
                f"The provisioning operation can't be performed on node {node.uuid} because it's "
                "in maintenance mode.",
                code="node-in-maintenance",
            )
        if not from_volume:
            check_instance(baremetal, node)
        baremetal.power(node).validate(node)
    if event == Event.DEPLOY and node.retired:
        raise _refused(node, "is retired", target=event)
    if event in (Event.DELETE, Event.REBUILD) and node.protected:
        raise _refused(node, "is protected", target=event)
    if event == Event.PROVIDE and node.retired:
        raise _refused(node, "is retired", target=event)
    if event == Event.CLEAN:
        values["target_provision_state"] = State.MANAGEABLE
    if event == Event.INSPECT:
        values |= {"inspection_started_at": now, "inspection_finished_at": None}
    return values


def _refused(node: Node, why: str, *, target: Event) -> Forbidden:
    return Forbidden(
        f"The provisioning operation can't be performed on node {node.uuid}: it {why}.",
        code=f"node-refuses-{target}",
    )

"""Volume connectors and targets of a node: what it boots from over the network, and as whom.

They change only while the machine is off, for what it runs on hangs on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import structs

from unkai.baremetal.actions.find_below import check_unique, find_below, node_for
from unkai.baremetal.actions.find_node import not_busy, transact_when_free
from unkai.baremetal.model import Node, PowerState, State, VolumeConnector, VolumeTarget
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.volumes import clash
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller

V = TypeVar("V", VolumeConnector, VolumeTarget)
_LOOSE = (State.MANAGEABLE, State.ENROLL, State.ADOPT_FAIL)
"""In which nothing of anybody's runs, so that what hangs on the node may go at any time."""


def noun_of(rows: Rows[V]) -> str:
    return "volume connector" if issubclass(rows.kind, VolumeConnector) else "volume target"


async def create_volume(
    baremetal: Baremetal, caller: Caller, rows: Rows[V], node_uuid: str, values: dict[str, Any]
) -> V:
    """values: its fields but its node."""
    kit = baremetal.kit

    async def write(tx: Tx) -> V:
        node = await node_for(baremetal, tx, caller, node_uuid, "volume:create")
        made: dict[str, Any] = {
            "uuid": kit.chance.uuid(),
            **values,
            "node_uuid": node.uuid,
            "created_at": kit.clock.now(),
        }
        one = rows.kind(**made)
        await check_unique(tx, rows, {"uuid": one.uuid}, noun=noun_of(rows))
        await _check_clash(tx, rows, one)
        await rows.add(tx, one)
        return one

    return await kit.database.transact(write)


async def update_volume(
    baremetal: Baremetal,
    caller: Caller,
    rows: Rows[V],
    uuid: str,
    change: Callable[[V], dict[str, Any]],
) -> V:
    """change: from the thing as it is to the fields as they shall be."""
    noun = noun_of(rows)

    async def write(tx: Tx) -> V:
        one, node = await find_below(tx, caller, rows, uuid, noun=noun, rule="volume:update")
        values = change(one)
        await not_busy(baremetal, tx, node)
        _check_free(one)
        if node.power_state != PowerState.OFF:
            raise _refused(f"{noun} update", node)
        if values.get("node_uuid", one.node_uuid) != one.node_uuid:
            other = await node_for(
                baremetal, tx, caller, values["node_uuid"], "volume:update", free=True
            )
            values["node_uuid"] = other.uuid
        after = structs.replace(one, **values, updated_at=baremetal.kit.clock.now())
        await _check_clash(tx, rows, after)
        await rows.change(tx, one.uuid, **values, updated_at=after.updated_at)
        return after

    return await transact_when_free(baremetal, write)


async def delete_volume(baremetal: Baremetal, caller: Caller, rows: Rows[V], uuid: str) -> None:
    noun = noun_of(rows)

    async def write(tx: Tx) -> None:
        one, node = await find_below(tx, caller, rows, uuid, noun=noun, rule="volume:delete")
        await not_busy(baremetal, tx, node)
        _check_free(one)
        if node.provision_state not in _LOOSE and node.power_state != PowerState.OFF:
            raise _refused(f"{noun} deletion", node)
        await rows.remove(tx, one.uuid)

    await transact_when_free(baremetal, write)


def _check_free(one: VolumeConnector | VolumeTarget) -> None:
    """A machine has it attached, off or on, until it is undeployed."""
    if isinstance(one, VolumeTarget) and one.properties.get("initiator"):
        raise Conflict(
            f"Volume {one.volume_id} is attached to node {one.node_uuid}.",
            code="volume-target-in-use",
            remedy="Undeploy the node first.",
        )


async def _check_clash(tx: Tx, rows: Rows[V], one: V) -> None:
    if await clash(tx, one):
        if isinstance(one, VolumeConnector):
            said = f"with type {one.type} and connector ID {one.connector_id} already exists."
        else:
            said = f"with boot index '{one.boot_index}' for the same node already exists."
        raise Conflict(f"A {noun_of(rows)} {said}", code="resource-exists")


def _refused(action: str, node: Node) -> BadRequest:
    return BadRequest(
        f'The requested action "{action}" can not be performed on node "{node.uuid}" while it is '
        f'in state "{node.power_state}".',
        code="node-powered-on",
        remedy="Switch the node off first.",
    )

"""A node for an instance: taken in the admission that chooses it, and told what it shall carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.actions.node_volumes import forget_targets, give_targets
from unkai.baremetal.model import Carrier, Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import PORTS, ports_of
from unkai.kit.db import Session, Tx
from unkai.kit.errors import Conflict

VIF = "tenant_vif_port_id"


def why_not(node: Node) -> str | None:
    """Why a node takes no new instance; None if it does."""
    if node.instance_uuid is not None:
        return "It carries another instance."
    if node.maintenance:
        return f"It is in maintenance: {node.maintenance_reason or 'no reason was given'}."
    if node.retired:
        return "It is retired."
    if node.provision_state != State.AVAILABLE:
        return f"It is {node.provision_state}, not available."
    return None


async def reserve_node(
    baremetal: Baremetal, tx: Tx, node_uuid: str, *, instance_uuid: str, name: str
) -> Node:
    """Make the node an instance's. Conflict (code "no-capacity") if somebody was faster."""
    node = await nodes.get_node(tx, node_uuid)
    if node is None or why_not(node) is not None:
        raise Conflict(f"Node {node_uuid} is not free any more.", code="no-capacity")
    now = baremetal.kit.clock.now()
    await nodes.change_node(tx, node, now, instance_uuid=instance_uuid, instance_name=name)
    await baremetal.kit.events.emit(tx, NODE_CHANGED, node_uuid)
    return node


async def node_of_instance(session: Session, instance_uuid: str) -> Node | None:
    return await nodes.node_of_instance(session, instance_uuid)


async def nodes_by_instance(session: Session) -> dict[str, Carrier]:
    """Every instance that a node carries, and which."""
    return await nodes.nodes_by_instance(session)


async def load_instance(
    baremetal: Baremetal,
    node: Node,
    info: Mapping[str, Any],
    vifs: Sequence[str],
    volumes: Sequence[tuple[str, int]] = (),
) -> None:
    """What the node shall carry: image and config drive, a VIF for each network port, volumes.

    volumes: ids with boot indexes. Conflict (code "too-few-ports") if it has fewer NICs than VIFs.
    Idempotent.
    """

    async def write(tx: Tx) -> None:
        fresh = await nodes.get_node(tx, node.uuid)
        assert fresh is not None
        now = baremetal.kit.clock.now()
        await nodes.change_node(tx, fresh, now, instance_info={**fresh.instance_info, **info})
        ports = await ports_of(tx, node.uuid)
        carried = {port.internal_info.get(VIF) for port in ports}
        missing = [vif for vif in vifs if vif not in carried]
        free = [port for port in ports if VIF not in port.internal_info]
        free.sort(key=lambda port: not port.pxe_enabled)
        wired = node.interface("network") != "noop"
        if wired and len(free) < len(missing):
            raise Conflict(
                f"Node {node.uuid} has {len(ports)} ports, too few for {len(vifs)} networks.",
                code="too-few-ports",
            )
        await give_targets(baremetal, tx, fresh, volumes)
        for port, vif in zip(free, missing, strict=False):
            await PORTS.change(tx, port.uuid, internal_info={**port.internal_info, VIF: vif})

    await baremetal.kit.database.transact(write)


async def unload_instance(baremetal: Baremetal, tx: Tx, node: Node) -> None:
    """Take back `reserve_node` and `load_instance` of a node that was never deployed."""
    now = baremetal.kit.clock.now()
    await forget_targets(tx, node)
    for port in await ports_of(tx, node.uuid):
        if VIF in port.internal_info:
            kept = {name: value for name, value in port.internal_info.items() if name != VIF}
            await PORTS.change(tx, port.uuid, internal_info=kept)
    await nodes.change_node(tx, node, now, instance_uuid=None, instance_name=None, instance_info={})
    await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)

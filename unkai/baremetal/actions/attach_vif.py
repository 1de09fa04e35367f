"""VIFs: which network ports a node's own ports carry.

A VIF is a Neutron port's id. It is kept with the port or the port group that carries it; a network
interface that leaves the wiring alone (noop) keeps none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.baremetal.actions.find_node import free_node, permitted_node, transact_when_free
from unkai.baremetal.model import Node, Port, Portgroup
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.portgroups import PORTGROUPS, portgroups_of
from unkai.baremetal.store.ports import PORTS, ports_of
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller

TENANT = "tenant_vif_port_id"
Carrier = Port | Portgroup


async def vifs_of(baremetal: Baremetal, caller: Caller, ident: str) -> list[str]:
    session = baremetal.kit.database.reader
    node = await permitted_node(session, caller, ident, "baremetal:node:vif:list")
    groups, ports = await _carriers(session, node)
    return [one.internal_info[TENANT] for one in (*groups, *ports) if TENANT in one.internal_info]


async def attach_vif(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    vif: str,
    *,
    port_uuid: str | None = None,
    portgroup_uuid: str | None = None,
) -> None:
    """On the named port or group, else on the best free one: groups and PXE ports first.

    Conflict if the node has it already; BadRequest if no port is free.
    """

    async def write(tx: Tx) -> None:
        node = await free_node(baremetal, tx, caller, ident, "baremetal:node:vif:attach")
        if node.interface("network") == "noop":
            return
        groups, ports = await _carriers(tx, node)
        for one in (*groups, *ports):
            if one.internal_info.get(TENANT) == vif:
                raise Conflict(
                    f"Unable to attach VIF because VIF {vif} is already attached to Ironic "
                    f"{type(one).__name__} {one.uuid}.",
                    code="vif-attached",
                )
        free = _free(groups, ports)
        if port_uuid or portgroup_uuid:
            free = [one for one in free if one.uuid in (port_uuid, portgroup_uuid)]
        if not free:
            raise BadRequest(
                f"Unable to attach VIF {vif}, not enough free physical ports.", code="vif-no-port"
            )
        best = max(free, key=_rank)
        await _write(tx, best, {**best.internal_info, TENANT: vif})

    await transact_when_free(baremetal, write)


async def detach_vif(baremetal: Baremetal, caller: Caller, ident: str, vif: str) -> None:
    """BadRequest if the node does not have it."""

    async def write(tx: Tx) -> None:
        node = await free_node(baremetal, tx, caller, ident, "baremetal:node:vif:detach")
        if node.interface("network") == "noop":
            return
        groups, ports = await _carriers(tx, node)
        for one in (*groups, *ports):
            if one.internal_info.get(TENANT) == vif:
                kept = {name: value for name, value in one.internal_info.items() if name != TENANT}
                await _write(tx, one, kept)
                return
        raise BadRequest(
            f"Unable to detach VIF {vif} from node {node.uuid} because it is not attached to it.",
            code="vif-not-attached",
        )

    await transact_when_free(baremetal, write)


async def _carriers(session: Session, node: Node) -> tuple[Sequence[Portgroup], Sequence[Port]]:
    return await portgroups_of(session, node.uuid), await ports_of(session, node.uuid)


def _free(groups: Sequence[Portgroup], ports: Sequence[Port]) -> list[Carrier]:
    """Groups with ports of which none carries a VIF, and ports outside such groups."""
    members: dict[str | None, list[Port]] = {}
    for port in ports:
        members.setdefault(port.portgroup_uuid, []).append(port)
    free: list[Carrier] = [port for port in members.get(None, []) if _bare(port)]
    for group in groups:
        own = members.get(group.uuid, [])
        if not _bare(group):
            continue
        if all(_bare(port) for port in own):
            free += [group] if own else []
        else:
            free += [port for port in own if _bare(port)]
    return free


def _bare(one: Carrier) -> bool:
    return TENANT not in one.internal_info


def _rank(one: Carrier) -> tuple[bool, bool, bool]:
    """A known physical network first, then groups, then ports that boot from the network."""
    group = isinstance(one, Portgroup)
    return (one.physical_network is not None, group, not group and one.pxe_enabled)


async def _write(tx: Tx, one: Carrier, internal_info: dict[str, Any]) -> None:
    rows: Any = PORTGROUPS if isinstance(one, Portgroup) else PORTS
    await rows.change(tx, one.uuid, internal_info=internal_info)

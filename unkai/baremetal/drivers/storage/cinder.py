"""The interface `cinder`: volumes of block storage, served by iSCSI on the machine's own network.

The portal is the metadata port of the network that the machine's boot NIC is on, so that nothing of
its tenant's (a router, a floating IP) stands between a machine and its disk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

from unkai.baremetal.drivers.capabilities import capability
from unkai.baremetal.model import Node, Port, VolumeTarget
from unkai.block_storage.actions.attach_machine import (
    Machine,
    attach_machine,
    detach_machine,
    machines_own_volumes,
    machines_volumes,
)
from unkai.block_storage.model import Portal
from unkai.block_storage.service import BlockStorage
from unkai.kit.errors import BadRequest
from unkai.kit.log import log
from unkai.network.actions.machine_portal import machine_portal

VIF: Final = "tenant_vif_port_id"
ISCSI: Final = "iscsi"


def why_no_volumes(node: Node) -> str | None:
    """Why a node boots from no volume of this cloud's; None if it does."""
    if node.interface("storage") != "cinder":
        return f"Its storage interface is {node.interface('storage')}, not cinder."
    if (capability(node, "iscsi_boot") or "").lower() != "true":
        return "It does not say that it boots by iSCSI (capability iscsi_boot:true)."
    if node.interface("boot") not in ("ipxe", "pxe", "fake"):
        return f"Its boot interface {node.interface('boot')} boots from no volumes."
    return None


class CinderStorage:
    def __init__(self, block: BlockStorage) -> None:
        self._block = block

    @property
    def has_volumes(self) -> bool:
        return True

    def properties(self) -> dict[str, str]:
        return {}

    def validate(self, node: Node) -> None:
        """Nodes without volumes need no capability."""

    async def attach(
        self, node: Node, ports: Sequence[Port], targets: Sequence[VolumeTarget], initiator: str
    ) -> dict[str, dict[str, Any]]:
        why = why_no_volumes(node)
        if why is not None:
            raise BadRequest(
                f"Node {node.uuid} cannot have volumes: {why}", code="boot-from-volume"
            )
        machine = Machine(
            node_id=node.uuid,
            server_id=node.instance_uuid,
            initiator=initiator,
            portal=await self._portal(node, ports),
            projects=frozenset(one for one in (node.owner, node.lessee) if one),
        )
        found: dict[str, dict[str, Any]] = {}
        for target in targets:
            if target.volume_type != ISCSI:
                raise BadRequest(
                    f"Volume target {target.uuid} is of type {target.volume_type}; machines reach"
                    " volumes by iscsi.",
                    code="volume-target",
                )
            told = await attach_machine(self._block, machine, target.volume_id, target.uuid)
            found[target.uuid] = {**told, "target_lun": int(told["target_lun"])}
        return found

    async def detach(self, node: Node, targets: Sequence[VolumeTarget]) -> None:
        for target in targets:
            await detach_machine(self._block, target.volume_id, node.instance_uuid, target.uuid)

    async def leftovers(self, keep: Collection[str]) -> list[str]:
        found = await machines_volumes(self._block.kit.database.reader, keep)
        return [f"volume {volume_id} for node {host}" for volume_id, host in found]

    async def take_back(self, known: Callable[[], Awaitable[Collection[str]]]) -> None:
        held = await machines_own_volumes(self._block.kit.database.reader)
        nodes = set(await known()) if held else set[str]()  # later: a new node's volume is its own
        for volume_id, node_id, own_id in held:
            if node_id not in nodes:
                await detach_machine(self._block, volume_id, None, own_id)
                log.warning("a volume of a node that is gone is free", volume=volume_id)

    async def _portal(self, node: Node, ports: Sequence[Port]) -> Portal:
        """On the network of the NIC that it boots by."""
        vifs = [
            str(port.internal_info[VIF])
            for port in ports
            if port.pxe_enabled and port.internal_info.get(VIF)
        ]
        session = self._block.kit.database.reader
        found = await machine_portal(session, vifs[0]) if vifs else None
        if found is None:
            raise BadRequest(
                f"Node {node.uuid} has no NIC on a network by which it could reach volumes.",
                code="no-portal",
                remedy="Give it a network that has an IPv4 subnet with DHCP, on a NIC with PXE.",
            )
        return Portal(*found)

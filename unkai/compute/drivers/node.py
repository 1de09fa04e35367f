"""A physical machine as a compute host: a server's operations run on it unchanged.

The host's name is the node's uuid, and it carries one server. `prepare` tells the node what it
shall boot, `start` deploys it, `remove` gives it back to be cleaned. What takes minutes is not
waited for inside a call: a verb that is under way raises Retry with what the node does now.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, NoReturn

from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.actions.node_logs import console_text
from unkai.baremetal.actions.open_console import open_console
from unkai.baremetal.actions.provision import provision
from unkai.baremetal.actions.reserve_node import load_instance, node_of_instance, unload_instance
from unkai.baremetal.actions.switch_node import switch_node
from unkai.baremetal.model import Node, State
from unkai.baremetal.model import PowerState as NodePower
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import FAILED
from unkai.hypervisor.client import ConsoleKind, ImageSource
from unkai.hypervisor.model import (
    Census,
    Disk,
    Host,
    ImageRef,
    Machine,
    MachineStatus,
    Metrics,
    PowerState,
    Secrets,
    SwapState,
)
from unkai.kit.errors import BadRequest, Conflict, Failed
from unkai.kit.operations import Retry
from unkai.kit.policy import service_caller
from unkai.kit.streams import ByteStream

LOOK_AGAIN_S = 10.0
"""Should the event that tells be lost."""
GIB = 1 << 30
POWER = {NodePower.ON: PowerState.RUNNING, NodePower.OFF: PowerState.STOPPED}


class NodeHost:
    """The `Hypervisor` of one node."""

    def __init__(self, baremetal: Baremetal, node_uuid: str) -> None:
        self._baremetal = baremetal
        self._uuid = node_uuid

    async def describe(self) -> Host:
        raise self._unable("be described as a host of guests")

    async def cache_image(self, image: ImageRef, source: ImageSource) -> None:
        """The node's agent fetches it itself."""

    async def cached_images(self) -> list[ImageRef]:
        return []

    async def evict_images(self, image_ids: Collection[str]) -> list[str]:
        return []

    async def prepare(self, machine: Machine, epoch: int) -> None:
        """Image, config drive, VIFs and volumes, for the deploy that `start` begins."""
        node = await self._node(machine.server_id)
        if node.provision_state == State.AVAILABLE:
            vifs = [nic.port_id for nic in machine.nics]
            await load_instance(self._baremetal, node, _info(machine), vifs, _volumes(machine))

    async def plug(self, server_id: str, epoch: int) -> None:
        """The deploy moves the node's ports to their networks when the image is written."""

    async def unplug(self, server_id: str, epoch: int) -> None:
        """As `plug`."""

    async def start(
        self,
        server_id: str,
        epoch: int,
        *,
        paused: bool = False,
        secrets: Mapping[str, Secrets] | None = None,
    ) -> None:
        """Deployed and on."""
        node = await self._node(server_id)
        if node.provision_state == State.AVAILABLE:
            await self._begin(node, "active")
        await self._until_active(server_id)
        await switch_node(self._baremetal, self._uuid, on=True)

    async def resume(self, server_id: str, epoch: int) -> None:
        await switch_node(self._baremetal, self._uuid, on=True)

    async def pause(self, server_id: str, epoch: int) -> None:
        raise self._unable("be paused")

    async def stop(self, server_id: str, epoch: int, *, graceful_timeout_s: float = 0) -> None:
        node = await node_of_instance(self._baremetal.kit.database.reader, server_id)
        if node is not None and node.provision_state == State.ACTIVE:
            await switch_node(self._baremetal, self._uuid, on=False, patience_s=graceful_timeout_s)

    async def reset(self, server_id: str, epoch: int) -> None:
        await switch_node(self._baremetal, self._uuid, on=False)
        await switch_node(self._baremetal, self._uuid, on=True)

    async def rebuild(self, machine: Machine, epoch: int) -> None:
        """Deployed anew. It was stopped for that: one that is on again is what it should be."""
        node = await self._node(machine.server_id)
        if node.provision_state == State.ACTIVE and node.power_state != NodePower.ON:
            vifs = [nic.port_id for nic in machine.nics]
            await load_instance(self._baremetal, node, _info(machine), vifs)
            await self._begin(node, "rebuild")
        await self._until_active(machine.server_id)

    async def attach_disk(
        self, server_id: str, disk: Disk, epoch: int, secrets: Secrets | None = None
    ) -> None:
        raise self._unable("have a volume attached while it is deployed")

    async def detach_disk(self, server_id: str, volume_id: str, epoch: int) -> None:
        """It has none."""

    async def grow_disk(self, server_id: str, volume_id: str, size_bytes: int) -> None:
        raise self._unable("have a volume grown")

    async def switch_disk(self, server_id: str, disk: Disk) -> None:
        raise self._unable("have a volume's snapshot taken below it")

    async def swap_disk(
        self,
        server_id: str,
        had: Disk,
        disk: Disk,
        epoch: int,
        secrets: Secrets | None = None,
        *,
        copied: bool = False,
    ) -> SwapState:
        raise self._unable("have a volume swapped for another")

    async def keep_disk(self, server_id: str, volume_id: str, other: Disk, epoch: int) -> bool:
        return True

    async def remove(self, server_id: str, epoch: int) -> None:
        """Given back: it is cleaned for the next one, and this server no longer waits for it."""
        reader = self._baremetal.kit.database.reader
        node = await node_of_instance(reader, server_id)
        if node is None:
            return
        if node.provision_state == State.AVAILABLE:
            await self._baremetal.kit.database.transact(
                lambda tx: unload_instance(self._baremetal, tx, node)
            )
            return
        if node.provision_state != State.DELETING:
            await self._begin(node, "deleted")
        self._again(node)

    async def status(self, server_id: str) -> MachineStatus:
        node = await node_of_instance(self._baremetal.kit.database.reader, server_id)
        if node is None:
            return MachineStatus(server_id=server_id, power_state=PowerState.MISSING)
        found = POWER.get(node.power_state or NodePower.OFF, PowerState.STOPPED)
        return MachineStatus(server_id=server_id, power_state=found)

    async def list(self) -> Census:
        return Census(machines=())

    async def console_log(self, server_id: str, lines: int | None = None) -> str:
        """What its serial line said since its deploy switched it on."""
        node = await self._node(server_id)
        return await asyncio.to_thread(console_text, self._baremetal, node)

    async def metrics(self, server_id: str | None, since: float = 0.0) -> Metrics:
        raise Conflict(
            "Nobody measures a physical machine from outside.",
            code="no-metrics",
            remedy="Its sensors are at GET /unkai/v1/nodes/{id}/metrics.",
        )

    async def open_console(self, server_id: str, kind: ConsoleKind) -> ByteStream:
        if kind != "serial":
            raise self._unable("show a screen")
        node = await self._node(server_id)
        return await open_console(self._baremetal, node.uuid)

    async def changes(self) -> AsyncIterator[MachineStatus]:
        for status in ():
            yield status

    # --- within

    async def _node(self, server_id: str) -> Node:
        node = await node_of_instance(self._baremetal.kit.database.reader, server_id)
        if node is None or node.uuid != self._uuid:
            raise Failed(
                f"Node {self._uuid} does not carry server {server_id} any more.",
                code="node-lost",
                remedy="Delete the server and create another one.",
            )
        return node

    async def _begin(self, node: Node, target: str) -> None:
        caller = service_caller("nova", "req-node")
        try:
            await provision(self._baremetal, caller, node.uuid, target, request_id="req-node")
        except Conflict as busy:
            raise Retry(busy.message) from busy

    async def _until_active(self, server_id: str) -> None:
        node = await self._node(server_id)
        if node.provision_state in FAILED or node.provision_state == State.ERROR:
            raise Failed(
                f"Node {node.uuid} is {node.provision_state}: {node.last_error}",
                code="node-deploy-failed",
                remedy=f"`unkai timeline {node.uuid}` shows how far it came.",
            )
        if node.provision_state != State.ACTIVE:
            self._again(node)

    def _again(self, node: Node) -> NoReturn:
        blocker = f"node {node.uuid} is {node.provision_state}"
        raise Retry(blocker, LOOK_AGAIN_S, until=(NODE_CHANGED, node.uuid))

    def _unable(self, what: str) -> BadRequest:
        return BadRequest(f"A physical machine cannot {what}.", code="not-on-a-node")


def _volumes(machine: Machine) -> list[tuple[str, int]]:
    """Ids with boot indexes: 0 is what it boots from."""
    root = machine.root_disk.volume
    first = [(root.volume_id, 0)] if root is not None else []
    return first + [(disk.volume_id, number + 1) for number, disk in enumerate(machine.disks)]


def _info(machine: Machine) -> dict[str, Any]:
    """instance_info, as a deploy reads it."""
    image = machine.root_disk.image
    info: dict[str, Any] = {
        **({"image_source": image.id} if image is not None else {}),
        "root_gb": str(machine.root_disk.size_bytes // GIB),
        "display_name": machine.name,
        "vcpus": str(machine.vcpus),
        "memory_mb": str(machine.memory_mib),
    }
    if machine.config_drive is not None:
        info["configdrive"] = base64.b64encode(gzip.compress(machine.config_drive)).decode()
    return info

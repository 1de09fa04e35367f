"""Played agents: a machine that is switched on with a ramdisk calls home, over the real API.

They live outside the service, as machines do: a crash of it does not touch them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from unkai.baremetal.drivers.fake import FakeMachine, FakeMachines
from unkai.baremetal.model import AgentCommand, DeployImage, Node, PowerState
from unkai.kit.errors import NotFound, Unavailable

INVENTORY = {
    "interfaces": [
        {
            "name": "eth0",
            "mac_address": "52:54:00:00:00:01",
            "has_carrier": True,
            "lldp": [[1, "045abf691deaaa"], [2, "056531"], [5, "6c656166"], [0, ""]],
        }
    ],
    "cpu": {"count": 4, "architecture": "x86_64"},
    "memory": {"physical_mb": 2048},
    "disks": [{"name": "/dev/vda", "size": 10 << 30}],
    "boot": {"current_boot_mode": "bios", "pxe_interface": "52:54:00:00:00:01"},
}
ERASE = {
    "step": "erase_devices_metadata",
    "priority": 99,
    "interface": "deploy",
    "reboot_requested": False,
}
MIRROR: dict[str, Any] = {
    "raid_level": "1",
    "size_gb": 9,
    "controller": "software",
    "is_root_volume": True,
    "root_device_hint": {"name": "/dev/md0"},
}
RAID = [
    {**ERASE, "step": f"{verb}_configuration", "interface": "raid", "priority": 0}
    for verb in ("create", "delete")
]
FULL_ERASE = {**ERASE, "step": "erase_devices", "priority": 0}


@dataclass
class Boot:
    """One life of an agent."""

    token: str
    commands: list[AgentCommand] = field(default_factory=list[AgentCommand])


class PlayedAgents:
    def __init__(self, machines: FakeMachines) -> None:
        self.machines = machines
        machines.on_boot = self._booted
        self.client: httpx.AsyncClient | None = None
        self.boots: dict[str, Boot] = {}
        self.logs = ""
        """What they saw, as they tell it when asked."""
        self.found: dict[str, Any] = {}
        """What they tell of an inspection besides."""
        self.silent = False
        """Machines boot, and never call."""
        self.stuck: set[str] = set()
        """Commands that never end."""
        self.errors: dict[str, str] = {}
        """Commands that fail, and with what words."""
        self.done: list[tuple[str, str, dict[str, Any]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def _booted(self, uuid: str, machine: FakeMachine) -> None:
        self.boots.pop(uuid, None)
        if machine.ramdisk is not None and not self.silent:
            self._spawn(self._call_home(uuid, machine.ramdisk.mode))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, method: str, path: str, body: Any = None) -> httpx.Response | None:
        """Until the API answers with something else than "not yet"."""
        for _ in range(400):
            if self.client is not None and not self.client.is_closed:
                headers = {"X-OpenStack-Ironic-API-Version": "1.68"}
                answer = await self.client.request(method, path, json=body, headers=headers)
                if answer.status_code < 400:
                    return answer
            await asyncio.sleep(0.01)
        return None

    async def _call_home(self, uuid: str, mode: str) -> None:
        if mode == "inspect":
            told = {"inventory": INVENTORY, **self.found}
            await self._call("POST", "/continue_inspection", told)
        found = await self._call("GET", f"/lookup?node_uuid={uuid}")
        if found is None:
            return
        self.boots[uuid] = Boot(found.json()["config"]["agent_token"])
        await self.beat(uuid)

    async def beat(self, uuid: str) -> None:
        body = {
            "callback_url": f"http://{uuid}:9999",
            "agent_token": self.boots[uuid].token,
            "agent_version": "played",
        }
        await self._call("POST", f"/heartbeat/{uuid}", body)

    def boot_of(self, node: Node) -> Boot:
        boot = self.boots.get(node.uuid)
        machine = self.machines.of(node)
        if boot is None or machine.power != PowerState.ON or boot.token != node.agent_token:
            raise Unavailable("The agent does not answer.", code="agent-unreachable")
        return boot

    # --- the Protocol

    async def start(self, node: Node, command: str, params: dict[str, Any]) -> AgentCommand:
        boot = self.boot_of(node)
        made = AgentCommand(f"c{len(boot.commands)}", command.split(".")[1], "RUNNING", {}, None)
        boot.commands.append(made)
        self._spawn(self._finish(node, boot, len(boot.commands) - 1, command, params))
        return made

    async def _finish(
        self, node: Node, boot: Boot, at: int, command: str, params: dict[str, Any]
    ) -> None:
        await asyncio.sleep(0.005)
        if command in self.stuck:
            return
        error = self.errors.get(command)
        status = "FAILED" if error else "SUCCEEDED"
        one = boot.commands[at]
        step = params.get("step", {}).get("step")
        made = {"clean_result": {"logical_disks": [MIRROR]}} if step == RAID[0]["step"] else {}
        boot.commands[at] = AgentCommand(one.id, one.name, status, made, error)
        self.done.append((node.uuid, command, params))
        if self.boots.get(node.uuid) is boot:
            await self.beat(node.uuid)

    async def ask(self, node: Node, command: str, params: dict[str, Any]) -> dict[str, Any]:
        self.boot_of(node)
        extension, name = command.split(".")
        if name == f"get_{extension}_steps":
            return {f"{extension}_steps": {"generic": [ERASE, FULL_ERASE, *RAID]}}
        if name == "get_hardware_info":
            return INVENTORY
        return {"system_logs": self.logs} if name == "collect_system_logs" else {}

    async def commands(self, node: Node) -> list[AgentCommand]:
        return list(self.boot_of(node).commands)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class PlayedImages:
    """Of Glance's images the one named here."""

    def __init__(self) -> None:
        self.offered: set[str] = set()
        self.there = ""

    async def publish(self, node: Node, image_id: str) -> DeployImage:
        if image_id != self.there:
            raise NotFound(f"No image found with ID {image_id}", code="image-unknown")
        self.offered.add(node.uuid)
        return DeployImage(image_id, f"http://boot/{node.uuid}", "sha256", "0" * 64, "raw", 1 << 20)

    async def withdraw(self, node: Node) -> None:
        self.offered.discard(node.uuid)

    def leftovers(self, keep: Sequence[str]) -> list[str]:
        return sorted(self.offered - set(keep))

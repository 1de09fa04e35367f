"""The interfaces that an agent in a ramdisk serves: what the operations do, they only say so."""

from __future__ import annotations

from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.model import Inventory, Node


class _ByAgent:
    @property
    def uses_agent(self) -> bool:
        return True

    def properties(self) -> dict[str, str]:
        return {
            "deploy_kernel": "Kernel of the agent's ramdisk (URL or image); ours if not given.",
            "deploy_ramdisk": "The ramdisk itself (URL or image); ours if not given.",
        }

    def validate(self, node: Node) -> None:
        """Ours is always there."""


class AgentDeploy(_ByAgent):
    """`direct`: the agent fetches the image and writes it to the disk."""


class RamdiskDeploy(_ByAgent):
    """`ramdisk`: the tenant's system is itself a ramdisk, or an ISO; nothing is written."""

    @property
    def uses_agent(self) -> bool:
        return False


class AgentInspect(_ByAgent):
    """`agent`: the ramdisk tells what it sees."""

    async def inspect(self, node: Node) -> Inventory:
        raise unsupported(node, "inspection without its agent")

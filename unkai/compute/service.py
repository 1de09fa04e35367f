"""The compute service: its tools and whom it calls; every action takes it first."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unkai.compute.drivers.node import NodeHost
from unkai.hypervisor.client import Hypervisor
from unkai.kit.errors import Unavailable
from unkai.kit.workbench import Kit
from unkai.settings import ComputeSettings

if TYPE_CHECKING:
    from unkai.baremetal.service import Baremetal
    from unkai.block_storage.service import BlockStorage
    from unkai.identity.service import Identity
    from unkai.image.service import ImageService
    from unkai.network.service import NetworkService
    from unkai.placement.service import Placement


_NODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def is_node(host: str) -> bool:
    """Whether a server's host is a physical machine."""
    return _NODE.match(host) is not None


@dataclass(frozen=True, slots=True)
class Compute:
    """agents: the agent of every compute host, by host name; `boot.py` fills it, also later on.

    A server's host is one of these, or a node of the bare-metal service, by its uuid.
    """

    kit: Kit
    settings: ComputeSettings
    identity: Identity
    placement: Placement
    images: ImageService
    network: NetworkService
    block_storage: BlockStorage
    baremetal: Baremetal
    agents: MutableMapping[str, Hypervisor]

    def agent(self, host: str) -> Hypervisor:
        """Unavailable where the host is not connected (now)."""
        agent = self.agents.get(host)
        if agent is None and is_node(host):
            return NodeHost(self.baremetal, host)
        if agent is None:
            raise Unavailable(f"Compute host {host} is not connected.", code="host-unreachable")
        return agent

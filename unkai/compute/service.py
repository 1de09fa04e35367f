"""The compute service: its tools and whom it calls; every action takes it first."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unkai.hypervisor.client import Hypervisor
from unkai.kit.errors import Unavailable
from unkai.kit.workbench import Kit
from unkai.settings import ComputeSettings

if TYPE_CHECKING:
    from unkai.identity.service import Identity
    from unkai.image.service import ImageService
    from unkai.network.service import NetworkService
    from unkai.placement.service import Placement


@dataclass(frozen=True, slots=True)
class Compute:
    """agents: the agent of every compute host, by host name; `boot.py` fills it, also later on."""

    kit: Kit
    settings: ComputeSettings
    identity: Identity
    placement: Placement
    images: ImageService
    network: NetworkService
    agents: MutableMapping[str, Hypervisor]

    def agent(self, host: str) -> Hypervisor:
        """Unavailable where the host is not connected (now)."""
        agent = self.agents.get(host)
        if agent is None:
            raise Unavailable(f"Compute host {host} is not connected.", code="host-unreachable")
        return agent

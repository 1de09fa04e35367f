"""Lights of a machine that its BMC switches: a separate ability, for few BMCs tell of them."""

from __future__ import annotations

from typing import Any, Protocol

from unkai.baremetal.model import Node


class Indicators(Protocol):
    def supported(self, node: Node) -> dict[str, dict[str, Any]]:
        """Component ("system") to name ("led") to {"readonly", "states"}."""
        ...

    async def read(self, node: Node, component: str, name: str) -> str:
        """OFF, ON, BLINKING or UNKNOWN."""
        ...

    async def switch(self, node: Node, component: str, name: str, state: str) -> None: ...


class FakeIndicators:
    """Two lights of a played machine."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str, str], str] = {}

    def supported(self, node: Node) -> dict[str, dict[str, Any]]:
        light = {"readonly": False, "states": ["OFF", "ON", "BLINKING"]}
        return {"chassis": {"led": light}, "system": {"led": light}}

    async def read(self, node: Node, component: str, name: str) -> str:
        return self._states.get((node.uuid, component, name), "OFF")

    async def switch(self, node: Node, component: str, name: str, state: str) -> None:
        self._states[node.uuid, component, name] = state

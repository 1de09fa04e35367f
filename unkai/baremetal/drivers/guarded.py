"""The interfaces that speak with a BMC, each behind the guard: same Protocols, same answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from unkai.baremetal.drivers.base import (
    Bios,
    Console,
    ConsoleStream,
    Driver,
    Inspect,
    Management,
    Power,
)
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.model import Inventory, Node, PowerState

D = TypeVar("D", bound=Driver)


class _Guarded(Generic[D]):
    def __init__(self, inner: D, guard: Guard) -> None:
        self._inner, self._guard = inner, guard

    def properties(self) -> dict[str, str]:
        return self._inner.properties()

    def validate(self, node: Node) -> None:
        self._inner.validate(node)


def _boot_device(device: str | None, *, persistent: bool | None) -> str:
    """As a timeline says it; persistent None: the BMC does not tell."""
    if device is None:
        return "none in particular"
    return device if persistent is None else f"{device}, {'every boot' if persistent else 'once'}"


class GuardedPower(_Guarded[Power]):
    async def get_power_state(self, node: Node) -> PowerState:
        return await self._guard.ask(
            node, "get power state", lambda: self._inner.get_power_state(node), poll=True
        )

    async def set_power_state(self, node: Node, target: PowerState) -> None:
        await self._guard.ask(
            node,
            "set power state",
            lambda: self._inner.set_power_state(node, target),
            detail=target,
        )

    def supported_power_states(self, node: Node) -> Sequence[PowerState]:
        return self._inner.supported_power_states(node)


class GuardedManagement(_Guarded[Management]):
    def supported_boot_devices(self, node: Node) -> Sequence[str]:
        return self._inner.supported_boot_devices(node)

    async def get_boot_device(self, node: Node) -> tuple[str | None, bool | None]:
        return await self._guard.ask(
            node,
            "get boot device",
            lambda: self._inner.get_boot_device(node),
            words=lambda answer: _boot_device(answer[0], persistent=answer[1]),
        )

    async def set_boot_device(self, node: Node, device: str, *, persistent: bool) -> None:
        await self._guard.ask(
            node,
            "set boot device",
            lambda: self._inner.set_boot_device(node, device, persistent=persistent),
            detail=_boot_device(device, persistent=persistent),
        )

    async def get_boot_mode(self, node: Node) -> str | None:
        return await self._guard.ask(node, "get boot mode", lambda: self._inner.get_boot_mode(node))

    async def set_boot_mode(self, node: Node, mode: str) -> None:
        await self._guard.ask(
            node, "set boot mode", lambda: self._inner.set_boot_mode(node, mode), detail=mode
        )

    async def get_secure_boot(self, node: Node) -> bool | None:
        return await self._guard.ask(
            node,
            "get secure boot",
            lambda: self._inner.get_secure_boot(node),
            words=lambda on: None if on is None else "on" if on else "off",
        )

    async def set_secure_boot(self, node: Node, *, on: bool) -> None:
        await self._guard.ask(
            node,
            "set secure boot",
            lambda: self._inner.set_secure_boot(node, on=on),
            detail="on" if on else "off",
        )

    async def inject_nmi(self, node: Node) -> None:
        await self._guard.ask(node, "inject NMI", lambda: self._inner.inject_nmi(node))

    async def set_indicator(self, node: Node, *, on: bool) -> None:
        await self._guard.ask(
            node,
            "set indicator",
            lambda: self._inner.set_indicator(node, on=on),
            detail="on" if on else "off",
        )

    async def get_sensors(self, node: Node) -> dict[str, Any]:
        return await self._guard.ask(
            node, "read sensors", lambda: self._inner.get_sensors(node), detail="", poll=True
        )

    async def insert_media(self, node: Node, device: str, url: str) -> None:
        """The URL's query is not told: it may carry a secret."""
        await self._guard.ask(
            node,
            "insert media",
            lambda: self._inner.insert_media(node, device, url),
            detail=f"{device}: {url.partition('?')[0]}",
        )

    async def eject_media(self, node: Node, device: str | None) -> None:
        await self._guard.ask(
            node,
            "eject media",
            lambda: self._inner.eject_media(node, device),
            detail=device or "all",
        )

    async def list_media(self, node: Node) -> list[dict[str, Any]]:
        return await self._guard.ask(
            node, "list media", lambda: self._inner.list_media(node), detail=""
        )

    async def boot_from_url(self, node: Node, url: str) -> None:
        """The URL's path is not told: it is a secret."""
        await self._guard.ask(
            node,
            "boot from URL",
            lambda: self._inner.boot_from_url(node, url),
            detail=f"once, at {urlsplit(url).netloc}",
        )

    async def detect_vendor(self, node: Node) -> str | None:
        return await self._guard.ask(node, "detect vendor", lambda: self._inner.detect_vendor(node))


class GuardedBios(_Guarded[Bios]):
    async def get_settings(self, node: Node) -> dict[str, dict[str, Any]]:
        return await self._guard.ask(
            node, "get BIOS settings", lambda: self._inner.get_settings(node), detail=""
        )

    async def apply_settings(self, node: Node, settings: dict[str, str]) -> bool:
        return await self._guard.ask(
            node,
            "apply BIOS settings",
            lambda: self._inner.apply_settings(node, settings),
            detail=", ".join(sorted(settings)),
        )

    async def factory_reset(self, node: Node) -> bool:
        return await self._guard.ask(node, "reset BIOS", lambda: self._inner.factory_reset(node))


class GuardedInspect(_Guarded[Inspect]):
    @property
    def uses_agent(self) -> bool:
        return self._inner.uses_agent

    async def inspect(self, node: Node) -> Inventory:
        return await self._guard.ask(
            node, "read inventory", lambda: self._inner.inspect(node), detail=""
        )


class GuardedConsole(_Guarded[Console]):
    async def open(self, node: Node) -> ConsoleStream:
        return await self._guard.ask(
            node, "open console", lambda: self._inner.open(node), detail=""
        )

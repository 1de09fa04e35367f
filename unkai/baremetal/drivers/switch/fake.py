"""A switch in memory; it has every port anybody names, but those made to fail."""

from __future__ import annotations

from unkai.baremetal.drivers.switch.base import Link, Use


class FakeSwitch:
    def __init__(self) -> None:
        self.ports: dict[Link, Use] = {}
        self.moves: list[tuple[Link, int | None]] = []
        self.names: dict[tuple[str, str], str] = {}
        """By what a switch and its port call themselves."""
        self._faults: list[Exception] = []

    def fail_next(self, error: Exception) -> None:
        self._faults.append(error)

    async def set_vlan(self, link: Link, vlan: int | None, node_id: str) -> None:
        self._check()
        self.moves.append((link, vlan))
        self.ports[link] = Use(vlan or 0, node_id)

    async def park(self, link: Link) -> None:
        self._check()
        self.ports.pop(link, None)

    async def uses(self) -> dict[Link, Use]:
        self._check()
        return dict(self.ports)

    async def called(self, switch_id: str, port: str) -> str | None:
        self._check()
        return self.names.get((switch_id, port))

    async def close(self) -> None:
        """Nothing is open."""

    def _check(self) -> None:
        if self._faults:
            raise self._faults.pop(0)

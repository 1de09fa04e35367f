"""Open vSwitch as the machines' switch, spoken to by its OVSDB.

A parked port is on a VLAN that carries nothing and is protected from the other parked ones. The
node a port was set for stands in its external_ids, so that an audit finds what is nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from unkai.baremetal.drivers.switch.base import Link, Use
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, NotFound, Unavailable
from unkai.kit.ovsdb import Ovsdb, OvsdbError, OvsdbGone
from unkai.kit.ovsdb_rows import Row

PARKED_VLAN: Final = 4094
NODE_KEY: Final = "unkai-node"
_TABLES: Final = {
    "Port": ("name", "tag", "vlan_mode", "protected", "external_ids"),
    "Interface": ("name", "mac_in_use"),
}
_TIMEOUT_S: Final = 5.0


class OvsSwitches:
    """Switches by their name in the settings; each is connected to at its first use."""

    def __init__(self, remotes: Mapping[str, str], clock: Clock) -> None:
        self._remotes = dict(remotes)
        self._clock = clock
        self._open: dict[str, Ovsdb] = {}

    async def set_vlan(self, link: Link, vlan: int | None, node_id: str) -> None:
        wanted: dict[str, object] = {"tag": vlan or 0, "vlan_mode": "access", "protected": False}
        await self._write(link, wanted, node_id)

    async def park(self, link: Link) -> None:
        wanted: dict[str, object] = {"tag": PARKED_VLAN, "vlan_mode": "access", "protected": True}
        await self._write(link, wanted, None)

    async def uses(self) -> dict[Link, Use]:
        found: dict[Link, Use] = {}
        for name in self._remotes:
            database = await self._database(name)
            for row in database.rows("Port").values():
                node_id = row.map("external_ids").get(NODE_KEY)
                if node_id is not None:
                    found[Link(name, row.text("name"))] = Use(row.number("tag"), node_id)
        return found

    async def called(self, switch_id: str, port: str) -> str | None:
        """Open vSwitch calls itself by the MAC of the very port."""
        for name in self._remotes:
            database = await self._database(name)
            for row in database.rows("Interface").values():
                if (row.text("mac_in_use"), row.text("name")) == (switch_id, port):
                    return name
        return None

    async def close(self) -> None:
        for database in self._open.values():
            await database.stop()
        self._open.clear()

    async def _write(self, link: Link, wanted: dict[str, object], node_id: str | None) -> None:
        database = await self._database(link.switch)
        uuid, row = self._find(database, link)
        ids = {key: value for key, value in row.map("external_ids").items() if key != NODE_KEY}
        if node_id is not None:
            ids[NODE_KEY] = node_id
        wanted = {**wanted, "external_ids": ids}
        if all(row.get(name) == value for name, value in wanted.items()):
            return
        try:
            change = database.transaction()
            change.update("Port", uuid, wanted)
            await database.commit(change, timeout_s=_TIMEOUT_S)
        except OvsdbGone as error:
            raise _unreachable(link.switch, error) from error
        except OvsdbError as error:
            raise Failed(
                f"Switch {link.switch} refused to move port {link.port}: {error}.",
                code="switch-refused",
            ) from error

    def _find(self, database: Ovsdb, link: Link) -> tuple[str, Row]:
        for uuid, row in database.rows("Port").items():
            if row.text("name") == link.port:
                return uuid, row
        raise NotFound(
            f"Switch {link.switch} has no port {link.port}.",
            code="switch-port-not-found",
            remedy="Correct port_id in the port's local_link_connection.",
        )

    async def _database(self, name: str) -> Ovsdb:
        remote = self._remotes.get(name)
        if remote is None:
            raise NotFound(
                f"No switch {name} is known.",
                code="switch-not-found",
                remedy="Name it in baremetal.switches, or correct switch_info of the port.",
            )
        database = self._open.get(name)
        if database is None:
            database = Ovsdb(remote, "Open_vSwitch", _TABLES, clock=self._clock)
        try:
            await database.start(timeout_s=_TIMEOUT_S)
        except OvsdbGone as error:
            self._open.pop(name, None)
            raise _unreachable(name, error) from error
        self._open[name] = database
        return database


def read_remotes(switches: tuple[str, ...]) -> dict[str, str]:
    """The setting as name to OVSDB address."""
    pairs = (one.partition("=") for one in switches)
    return {name.strip(): remote.strip() for name, _, remote in pairs}


def _unreachable(name: str, error: OvsdbError) -> Unavailable:
    return Unavailable(
        f"Switch {name} does not answer: {error}.",
        code="switch-unreachable",
        remedy="Look at the switch and at its address in baremetal.switches.",
    )

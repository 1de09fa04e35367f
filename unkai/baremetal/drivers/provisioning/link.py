"""Our own interface on a provisioning network: an access port of the physical network's bridge."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from unkai.baremetal.drivers.provisioning.base import ServedNetwork
from unkai.baremetal.drivers.provisioning.dnsmasq_config import own_addresses
from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Unavailable
from unkai.kit.ovsdb import Ovsdb, OvsdbError, OvsdbGone
from unkai.kit.switch_links import raise_link

NETWORK_KEY: Final = "unkai-provisioning"
_TABLES: Final = {
    "Bridge": ("name", "ports"),
    "Port": ("name", "tag", "external_ids"),
    "Interface": ("name", "ofport"),
}


def link_name(network_id: str) -> str:
    """13 characters of the 15 that an interface's name may have."""
    return "pv" + network_id.replace("-", "")[:11]


class Links:
    """Interfaces in the cloud's namespace, on bridges of its switch."""

    def __init__(self, namespace: str, switch_socket: Path, clock: Clock) -> None:
        self._namespace = namespace
        self._switch = Ovsdb(f"unix:{switch_socket}", "Open_vSwitch", _TABLES, clock=clock)

    async def ensure(self, network: ServedNetwork, bridge: str) -> str:
        """Have the interface up with our addresses; its name."""
        name = link_name(network.id)
        await self._connected()
        known = self._find(name)
        wanted = {"tag": network.vlan, "external_ids": {NETWORK_KEY: network.id}}
        try:
            change = self._switch.transaction()
            if known is None:
                interface = change.insert("Interface", {"name": name, "type": "internal"})
                port = change.insert("Port", {"name": name, "interfaces": [interface], **wanted})
                change.mutate("Bridge", {"name": bridge}, "ports", "insert", [port])
            elif (row := self._switch.row("Port", known)) is not None and any(
                row.get(column) != value for column, value in wanted.items()
            ):
                change.update("Port", known, wanted)
            await self._switch.commit(change)
        except OvsdbError as error:
            raise Failed(
                f"The switch refused the interface of network {network.name}: {error}.",
                code="switch-refused",
            ) from error
        await raise_link(self._switch, self._namespace, name, mtu=network.mtu)
        addresses = own_addresses(network)
        await netns.run(self._namespace, lambda: _set_addresses(name, addresses))
        return name

    async def present(self) -> dict[str, str]:
        """Network to interface, of all that were made here."""
        await self._connected()
        found = self._switch.rows("Port").values()
        ids = {row.text("name"): row.map("external_ids").get(NETWORK_KEY) for row in found}
        return {network_id: name for name, network_id in ids.items() if network_id}

    async def remove(self, name: str) -> None:
        await self._connected()
        uuid = self._find(name)
        if uuid is not None:
            change = self._switch.transaction()
            for bridge, row in self._switch.rows("Bridge").items():
                if uuid in row.texts("ports"):
                    change.mutate("Bridge", bridge, "ports", "delete", [uuid])
            await self._switch.commit(change)

    async def close(self) -> None:
        await self._switch.stop()

    async def _connected(self) -> None:
        try:
            await self._switch.start(timeout_s=5.0)
        except OvsdbGone as error:
            raise Unavailable(
                f"The switch of this host does not answer: {error}.", code="switch-unreachable"
            ) from error

    def _find(self, name: str) -> str | None:
        rows = self._switch.rows("Port").items()
        return next((uuid for uuid, row in rows if row.text("name") == name), None)


def _set_addresses(name: str, addresses: set[str]) -> None:
    actual = set(rtnetlink.addresses(name))
    for address in addresses - actual:
        rtnetlink.add_address(name, address)
    for address in actual - addresses:
        rtnetlink.delete_address(name, address)

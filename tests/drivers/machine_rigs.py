"""A data centre's switch in miniature: a bridge of its own behind the cloud's physical network."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.drivers.network_rigs import Guest, Lab
from unkai.baremetal.drivers.switch.base import Link
from unkai.baremetal.drivers.switch.ovs import OvsSwitches
from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.switch_links import raise_link
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.drivers.ovn.site import Site
from unkai.network.model import Port

PHYSNET = "physnet1"
SWITCH = "rack"


class Floor:
    """An OVN whose physical network leads to a switch; machines are namespaces on its ports."""

    def __init__(self, driver: OvnDriver) -> None:
        self.driver = driver
        self.lab = Lab(driver)
        self.switches = OvsSwitches({SWITCH: f"unix:{driver.site.switch_socket}"}, Clock())
        self._numbers = itertools.count(1)

    @property
    def namespace(self) -> str:
        return self.driver.site.namespace

    async def start(self) -> None:
        await self.driver.start()
        site, switch = self.driver.site, self.driver.switch
        await netns.run(site.namespace, lambda: rtnetlink.add_veth("up0", "up0p"))
        change = switch.transaction()
        root = next(iter(switch.rows("Open_vSwitch")))
        columns = {"name": "rack0", "datapath_type": site.datapath_type}
        ports: list[Any] = []
        for name, kind in (("rack0", "internal"), ("up0p", "")):
            interface = change.insert("Interface", {"name": name, "type": kind})
            ports.append(change.insert("Port", {"name": name, "interfaces": [interface]}))
        bridge = change.insert("Bridge", {**columns, "ports": ports})
        change.mutate("Open_vSwitch", root, "bridges", "insert", [bridge])
        await switch.commit(change)
        for link in ("up0", "up0p"):
            await raise_link(switch, site.namespace, link)

    async def add_port(self, name: str) -> Link:
        """A port of the switch with this interface, parked; a tap where there is none yet."""
        if name not in netns.link_names(self.namespace):
            os.close(netns.open_tap(self.namespace, name, persistent=True))
        change = self.driver.switch.transaction()
        interface = change.insert("Interface", {"name": name})
        port = change.insert("Port", {"name": name, "interfaces": [interface]})
        change.mutate("Bridge", {"name": "rack0"}, "ports", "insert", [port])
        await self.driver.switch.commit(change)
        link = Link(SWITCH, name)
        database = await self.switches._database(SWITCH)  # pyright: ignore[reportPrivateUsage]
        await database.until(
            lambda: any(row.text("name") == name for row in database.rows("Port").values()), 5
        )
        await self.switches.park(link)
        return link

    async def machine(self, port: Port) -> tuple[Guest, Link]:
        """A namespace that plays a machine with the port's MAC."""
        number = next(self._numbers)
        guest = Guest(f"{self.namespace}-m{number}", port)
        self.lab.guests.append(guest)

        def wire() -> None:
            netns.create(guest.name)
            mac = port.mac_address
            netns.add_veth(self.namespace, f"m{number}", guest.name, "eth0", peer_mac=mac)

        await asyncio.to_thread(wire)
        return guest, await self.add_port(f"m{number}")

    async def stop(self) -> None:
        await self.switches.close()
        self.lab.clear()
        await self.driver.stop()


def floor_site(folder: Path) -> Site:
    name = f"utm-{secrets.token_hex(3)}"
    site = Site(namespace=name, run_dir=Path("/run") / name, state_dir=folder, chassis="h1")
    return replace(site, physnets=("public", PHYSNET), uplinks=((PHYSNET, "up0"),))


@asynccontextmanager
async def open_floor(folder: Path, door: MetadataServer | None = None) -> AsyncGenerator[Floor]:
    floor = Floor(OvnDriver(floor_site(folder), clock=Clock(), door=door))
    try:
        await floor.start()
        yield floor
    finally:
        await floor.stop()

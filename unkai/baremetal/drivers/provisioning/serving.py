"""Which networks machines boot on, read from Neutron: its ports are the reservations.

Nothing is kept here. A machine's port on a provisioning network is made and deleted by its network
interface; whoever changed one calls `sync` and the address is known to DHCP before the machine is
powered on. A timer calls it as well and mends what an accident broke.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Iterator, Sequence
from typing import Final

from unkai.baremetal.drivers.provisioning.base import Provisioning, Reservation, ServedNetwork
from unkai.baremetal.drivers.provisioning.default_network import make_provisioning_network
from unkai.baremetal.drivers.provisioning.dnsmasq_config import free_pool
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.network.actions.bind_machine_port import machines_networks
from unkai.network.actions.dhcp_port import have_dhcp_port, machine_ports
from unkai.network.actions.show_network import network_called, subnets_of_network
from unkai.network.fields import is_uuid
from unkai.network.model import BOOT_BY, Network, Port, Subnet
from unkai.network.service import NetworkService
from unkai.settings import BaremetalSettings

PURPOSES: Final = ("provisioning", "cleaning", "inspection", "rescuing", "servicing")


class Serving:
    """The provisioning networks of a cloud, kept as Neutron has them."""

    def __init__(
        self, network: NetworkService, settings: BaremetalSettings, engine: Provisioning
    ) -> None:
        self._network = network
        self._settings = settings
        self._engine = engine
        self._turn = asyncio.Lock()

    def name_for(self, purpose: str) -> str:
        """Name or id of the network for a purpose, as the settings have it."""
        named: str = getattr(self._settings, f"{purpose}_network")
        return named or self._settings.provisioning_network

    async def network_for(self, purpose: str, chosen: str | None = None) -> Network:
        """The network for a purpose. chosen: by the node itself.

        The provisioning network is made where it is missing. NotFound (code "provisioning-network")
        for any other that is not there.
        """
        name = chosen or self.name_for(purpose)
        found = await network_called(self._network, self._network.kit.database.reader, name)
        if found is None and name == self._settings.provisioning_network and not is_uuid(name):
            found = await make_provisioning_network(self._network, self._settings)
        if found is None:
            raise NotFound(
                f"There is no network {name} for {purpose}.",
                code="provisioning-network",
                remedy=f"Create it, or set baremetal.{purpose}_network.",
            )
        return found

    async def url_for(self, purpose: str, chosen: str | None = None) -> str:
        """Our address on the network for a purpose: http://10.1.0.2."""
        wanted = await self.network_for(purpose, chosen)
        for served in self._engine.served():
            if served.id == wanted.id:
                return served.url
        await self.sync(wanted.id)
        for served in self._engine.served():
            if served.id == wanted.id:
                return served.url
        raise NotFound(
            f"Network {wanted.name} is not one that machines can boot on.",
            code="provisioning-network",
            remedy="It needs a physical network and an IPv4 subnet with enable_dhcp false.",
        )

    async def sync(self, *more: str) -> None:
        """Serve the networks of all purposes (and `more`, by id) with what they have now."""
        async with self._turn:
            await self._engine.serve(await self._all_wanted(more))

    async def strays(self) -> list[str]:
        """DHCP's reservations against the ports they are made from; both ways."""
        async with self._turn:
            wanted = {one.id: set(one.hosts) for one in await self._all_wanted(())}
            found = self._engine.reservations()
        return [
            f"DHCP reservation of {one.mac} for {one.address} on network {network_id}"
            for network_id in sorted(wanted.keys() | found.keys())
            for one in sorted(
                wanted.get(network_id, set[Reservation]())
                ^ found.get(network_id, set[Reservation]())
            )
        ]

    async def _all_wanted(self, more: tuple[str, ...]) -> list[ServedNetwork]:
        if self._settings.discovery:  # unknown machines ask before anybody deploys one
            with contextlib.suppress(NotFound):  # said to whoever inspects a node
                await self.network_for("inspection")
        networks = await self._networks(more)
        wanted = [await self._wanted(network) for network in networks.values()]
        return [one for one in wanted if one is not None]

    async def _networks(self, more: tuple[str, ...]) -> dict[str, Network]:
        reader = self._network.kit.database.reader
        names = [*map(self.name_for, PURPOSES), *more]
        names += await machines_networks(self._network, reader)
        found: dict[str, Network] = {}
        for name in dict.fromkeys(names):
            network = await network_called(self._network, reader, name)
            if network is not None:
                found[network.id] = network
        return found

    async def _wanted(self, on: Network) -> ServedNetwork | None:
        """None where its DHCP is not ours: OVN answers, or there is no subnet or way to it."""
        reader = self._network.kit.database.reader
        subnets = await subnets_of_network(self._network, reader, on.id)
        subnet = next((one for one in subnets if one.ip_version == 4), None)
        if subnet is None or subnet.enable_dhcp or on.provider_physical_network is None:
            return None

        async def read(tx: Tx) -> tuple[Port, list[Port]]:
            return (
                await have_dhcp_port(self._network, tx, on),
                await machine_ports(self._network, tx, on.id),
            )

        own, machines = await self._network.kit.database.transact(read)
        address = _address(own, subnet)
        if address is None:
            raise Conflict(f"Network {on.id} has no address for DHCP.", code="provisioning-network")
        return ServedNetwork(
            id=on.id,
            name=on.name or on.id,
            physical_network=on.provider_physical_network,
            vlan=on.provider_segmentation_id,
            address=address,
            cidr=subnet.cidr,
            mtu=on.mtu,
            pool=self._pool(on, subnet, address),
            hosts=tuple(sorted(_reservations(machines, subnet))),
        )

    def _pool(self, on: Network, subnet: Subnet, own: str) -> tuple[str, str] | None:
        """Addresses for unknown machines: with discovery, on the inspection network alone."""
        inspection = self.name_for("inspection")
        if not self._settings.discovery or inspection not in (on.name, on.id):
            return None
        pools = [(pool.start, pool.end) for pool in subnet.allocation_pools]
        free = free_pool(subnet.cidr, pools, own)
        if free is None:
            raise BadRequest(
                f"Subnet {subnet.cidr} has no address outside its allocation pools for discovery.",
                code="discovery-pool",
                remedy="Make the allocation pools smaller.",
            )
        return free


def _reservations(machines: Sequence[Port], subnet: Subnet) -> Iterator[Reservation]:
    for port in machines:
        if (where := _address(port, subnet)) is not None:
            by_http = port.binding_profile.get(BOOT_BY) == "http"
            yield Reservation(port.mac_address, where, by_http)


def _address(port: Port, subnet: Subnet) -> str | None:
    for fixed in port.fixed_ips:
        if fixed.subnet_id == subnet.id and ipaddress.ip_address(fixed.ip_address).version == 4:
            return fixed.ip_address
    return None

"""The interfaces `flat` and `neutron`: Neutron ports for a machine's NICs, VLANs on its switch.

On a network of the cloud's own (to deploy, clean, ...) each PXE NIC has a port that is named after
its purpose and the NIC, so that it is found again whoever made it. On a tenant's network a NIC
gets the port that was attached to it (its VIF). A NIC on no network is parked on its switch.

`flat` leaves the switch alone: all networks are where the machines are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from unkai.baremetal.drivers.provisioning.serving import PURPOSES, Serving
from unkai.baremetal.drivers.switch.base import Link, Switch, link_of
from unkai.baremetal.model import Node, Port
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.network.actions.bind_machine_port import (
    BoundPort,
    Nic,
    bind_machine_port,
    create_machine_port,
    machines_ports,
    remove_machine_ports,
    unbind_machine_port,
)
from unkai.network.service import NetworkService
from unkai.settings import BaremetalSettings

VIF = "tenant_vif_port_id"
"""Where a port's internal_info keeps the Neutron port that was attached to it."""
BY_HTTP = ("http-ipxe", "http")
"""Boot interfaces of machines that nothing is sent to by TFTP."""


class NeutronNetwork:
    """switch: None for `flat`."""

    def __init__(
        self,
        network: NetworkService,
        settings: BaremetalSettings,
        serving: Serving,
        switch: Switch | None,
    ) -> None:
        self._network = network
        self._settings = settings
        self._serving = serving
        self._switch = switch

    def properties(self) -> dict[str, str]:
        return {
            f"{purpose}_network": f"Name or id of the network for {purpose}; optional."
            for purpose in PURPOSES
        }

    def validate(self, node: Node) -> None:
        for purpose in PURPOSES:
            _chosen(node, purpose)

    async def plug(self, node: Node, ports: Sequence[Port], purpose: str) -> dict[str, str]:
        on = await self._serving.network_for(purpose, _chosen(node, purpose))
        nics = {port.uuid: self._nic(node, port) for port in ports if port.pxe_enabled}
        if not nics:
            raise BadRequest(
                f"Node {node.uuid} has no port with PXE enabled.",
                code="no-pxe-port",
                remedy="Create one with the MAC of the NIC it boots from.",
            )

        async def write(tx: Tx) -> dict[str, BoundPort]:
            return {
                uuid: await create_machine_port(
                    self._network, tx, on.id, nic, _name(purpose, nic.mac)
                )
                for uuid, nic in nics.items()
            }

        bound = await self._network.kit.database.transact(write)
        await self._serving.sync(on.id)
        for port in ports:
            if port.uuid in bound:
                await self._move(node, port, bound[port.uuid])
        return {uuid: one.port.id for uuid, one in bound.items()}

    async def unplug(self, node: Node, ports: Sequence[Port], purpose: str) -> None:
        for port in ports:
            await self._park(port)
        names = frozenset(_name(purpose, port.address) for port in ports)

        async def write(tx: Tx) -> bool:
            gone = await remove_machine_ports(self._network, tx, node.uuid, names)
            return bool(gone)

        if await self._network.kit.database.transact(write):
            await self._serving.sync()

    async def plug_tenant(self, node: Node, ports: Sequence[Port]) -> None:
        vifs = {port.uuid: str(port.internal_info[VIF]) for port in ports if _has_vif(port)}

        async def write(tx: Tx) -> dict[str, BoundPort]:
            return {
                port.uuid: await bind_machine_port(
                    self._network, tx, vifs[port.uuid], self._tenant_nic(node, port)
                )
                for port in ports
                if port.uuid in vifs
            }

        bound = await self._network.kit.database.transact(write)
        for port in ports:
            if port.uuid in bound:
                await self._move(node, port, bound[port.uuid])
            else:
                await self._park(port)

    async def unplug_tenant(self, node: Node, ports: Sequence[Port]) -> None:
        for port in ports:
            await self._park(port)

        async def write(tx: Tx) -> None:
            for port in ports:
                if _has_vif(port):
                    vif = str(port.internal_info[VIF])
                    await unbind_machine_port(self._network, tx, vif, node.uuid)

        await self._network.kit.database.transact(write)

    async def switch_called(self, switch_id: str, port_id: str) -> str | None:
        return None if self._switch is None else await self._switch.called(switch_id, port_id)

    async def leftovers(self, busy: Collection[str], deployed: Collection[str]) -> list[str]:
        """Neutron ports of nodes that are not busy, DHCP's strays, switch ports of idle nodes."""
        reader = self._network.kit.database.reader
        found = await machines_ports(self._network, reader)
        left = [
            f"Neutron port {one.port_id} of node {one.device_id}"
            for one in found
            if one.device_id not in busy
        ]
        left += await self._serving.strays()
        for link, use in (await self._switch.uses() if self._switch else {}).items():
            if use.node_id not in busy and use.node_id not in deployed:
                left.append(
                    f"port {link.port} of switch {link.switch} on VLAN {use.vlan} for node "
                    f"{use.node_id}"
                )
        return sorted(left)

    async def _move(self, node: Node, port: Port, bound: BoundPort) -> None:
        link = self._link(port)
        if link is not None and self._switch is not None:
            await self._switch.set_vlan(link, bound.vlan, node.uuid)

    async def _park(self, port: Port) -> None:
        link = self._link(port)
        if link is not None and self._switch is not None:
            await self._switch.park(link)

    def _link(self, port: Port) -> Link | None:
        return None if self._switch is None else link_of(port.local_link_connection)

    def _tenant_nic(self, node: Node, port: Port) -> Nic:
        boots = bool(port.pxe_enabled and node.driver_internal_info.get("has_volumes"))
        return replace(self._nic(node, port), with_volumes=boots)

    def _nic(self, node: Node, port: Port) -> Nic:
        physical = port.physical_network or self._settings.physical_network
        by_http = node.interface("boot") in BY_HTTP
        return Nic(node.uuid, port.address.lower(), port.local_link_connection, physical, by_http)


def _name(purpose: str, mac: str) -> str:
    return f"{purpose}-{mac.lower()}"


def _has_vif(port: Port) -> bool:
    return bool(port.internal_info.get(VIF))


def _chosen(node: Node, purpose: str) -> str | None:
    """The network that the node itself names."""
    value: Any = node.driver_info.get(f"{purpose}_network")
    if value is None or (isinstance(value, str) and value):
        return value
    raise BadRequest(f"driver_info/{purpose}_network must be a text.", code="driver-info")

"""Put a port on a physical machine's NIC, and take it off again.

The machine stands behind a switch of the data centre. A network that is a VLAN (or, flat, the
physical network itself) is there already; an overlay network is given a VLAN of its own while
machines are on it. Who calls moves the switch port to the VLAN that comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import service_caller
from unkai.network.actions import port_fields
from unkai.network.actions.bind_port import UNBOUND, binding
from unkai.network.actions.create_port import PortRequest, add_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.describe_devices import DevicePort
from unkai.network.drivers.base import Ref
from unkai.network.model import (
    BOOT_BY,
    BY_VOLUME,
    OWNER_MACHINE,
    VNIC_MACHINE,
    Network,
    Port,
    Segment,
)
from unkai.network.service import NetworkService
from unkai.network.states import DOWN
from unkai.network.store import networks, ports, segments


@dataclass(frozen=True, slots=True)
class Nic:
    """A machine's NIC: the node it belongs to, its MAC, the switch port at its other end.

    by_http: it boots by HTTP alone, where the cloud's own network has it do so. with_volumes: it
    boots over its tenant's network.
    """

    node_id: str
    mac: str
    link: Mapping[str, Any]
    physical_network: str
    by_http: bool = False
    with_volumes: bool = False

    @property
    def profile(self) -> dict[str, Any]:
        return {"local_link_information": [dict(self.link)]} if self.link else {}


@dataclass(frozen=True, slots=True)
class BoundPort:
    """A port that a machine's NIC has. vlan: on the switch; None on a flat network."""

    port: Port
    vlan: int | None


async def create_machine_port(
    network: NetworkService, tx: Tx, network_id: str, nic: Nic, name: str
) -> BoundPort:
    """Make the cloud's own port for a NIC (or find the one of that name), bound at once.

    Raises NotFound (network), Conflict (no address, MAC in use), BadRequest (not reachable).
    """
    on = await _network(tx, network_id)
    for port in await ports.ports_with_devices(tx, [nic.node_id]):
        if port.device_owner == OWNER_MACHINE and port.name == name and port.network_id == on.id:
            return BoundPort(port, await _vlan(network, tx, on, nic.physical_network))
    request = PortRequest(
        network_id=on.id,
        name=name,
        mac_address=nic.mac,
        port_security_enabled=False,
        device_id=nic.node_id,
        device_owner=OWNER_MACHINE,
        binding_host_id=nic.node_id,
        binding_vnic_type=VNIC_MACHINE,
        binding_profile=nic.profile | ({BOOT_BY: "http"} if nic.by_http else {}),
    )
    who = service_caller("baremetal", "")
    made = await add_port(network, tx, who, request, on=on, project_id=on.project_id)
    return BoundPort(made, await _vlan(network, tx, on, nic.physical_network))


async def remove_machine_ports(
    network: NetworkService, tx: Tx, node_id: str, names: frozenset[str] | None = None
) -> list[Port]:
    """Delete the cloud's own ports of a machine: those of these names, or all. Idempotent."""
    found = await ports.ports_with_devices(tx, [node_id])
    own = [port for port in found if port.device_owner == OWNER_MACHINE]
    gone = [port for port in own if names is None or port.name in names]
    if gone:
        await remove_ports(network, tx, [port.id for port in gone])
    for network_id in {port.network_id for port in gone}:
        await _leave(network, tx, network_id)
    return gone


async def machines_ports(network: NetworkService, session: Session) -> list[DevicePort]:
    """The cloud's own ports of all machines."""
    rows = await ports.ports_owned(session, OWNER_MACHINE)
    return [DevicePort(row.id, row.device_id, row.binding_host_id) for row in rows]


async def machines_networks(network: NetworkService, session: Session) -> set[str]:
    """Networks on which the cloud has ports of machines."""
    return {row.network_id for row in await ports.ports_owned(session, OWNER_MACHINE)}


async def bind_machine_port(network: NetworkService, tx: Tx, port_id: str, nic: Nic) -> BoundPort:
    """Give somebody's port to a NIC, whose MAC it takes. Idempotent.

    Raises NotFound, Conflict (bound elsewhere, MAC in use), BadRequest (not reachable).
    """
    before = await ports.get_port(tx, port_id)
    if before is None:
        raise NotFound(f"Port {port_id} could not be found.", code="port-not-found")
    if before.binding_host_id not in ("", nic.node_id):
        raise Conflict(
            f"Port {port_id} is bound to {before.binding_host_id} already.", code="port-in-use"
        )
    on = await _network(tx, before.network_id)
    mac = before.mac_address
    if mac != nic.mac:
        mac = await port_fields.pick_mac(network, tx, on.id, nic.mac)
    vif_type, vif_details = binding(network, nic.node_id, VNIC_MACHINE)
    after = replace(
        before,
        mac_address=mac,
        binding_host_id=nic.node_id,
        binding_vnic_type=VNIC_MACHINE,
        binding_vif_type=vif_type,
        binding_vif_details=vif_details,
        binding_profile=nic.profile | ({BOOT_BY: BY_VOLUME} if nic.with_volumes else {}),
        status=before.status if before.binding_host_id == nic.node_id else DOWN,
    )
    await _save(network, tx, before, after)
    return BoundPort(after, await _vlan(network, tx, on, nic.physical_network))


async def unbind_machine_port(
    network: NetworkService, tx: Tx, port_id: str, node_id: str
) -> Port | None:
    """Give somebody's port back, with a MAC of its own. Idempotent; None if the port is gone."""
    before = await ports.get_port(tx, port_id)
    if before is None or before.binding_host_id != node_id:
        return before
    after = replace(
        before,
        mac_address=await port_fields.pick_mac(network, tx, before.network_id, None),
        binding_host_id="",
        binding_vif_type=UNBOUND[0],
        binding_vif_details=UNBOUND[1],
        binding_profile={},
        status=DOWN,
    )
    await _save(network, tx, before, after)
    await _leave(network, tx, before.network_id)
    return after


async def _network(tx: Tx, network_id: str) -> Network:
    found = await networks.get_network(tx, network_id)
    if found is None:
        raise NotFound(f"Network {network_id} could not be found.", code="network-not-found")
    return found


async def _vlan(network: NetworkService, tx: Tx, on: Network, physical: str) -> int | None:
    """The VLAN of the network on the machine's side; an overlay network is given one."""
    if on.provider_physical_network is not None:
        if on.provider_physical_network != physical:
            raise BadRequest(
                f"Network {on.id} is on physical network {on.provider_physical_network}, the "
                f"machine is on {physical}.",
                code="physical-network-mismatch",
                remedy="Choose a network that reaches the machine.",
            )
        return on.provider_segmentation_id
    for segment in (await segments.segments_of(tx, [on.id])).get(on.id, ()):
        if segment.physical_network == physical:
            return segment.vlan
    taken = await segments.vlans_taken(tx, physical)
    low, high = vlan_pool(network)
    vlan = next((one for one in range(low, high + 1) if one not in taken), None)
    if vlan is None:
        raise Conflict(
            f"No VLAN from {low} to {high} is free on physical network {physical}.",
            code="vlans-exhausted",
            remedy="Enlarge network.vlan_pool.",
        )
    await segments.insert_segment(tx, Segment(on.id, physical, vlan))
    await network.changed(tx, Ref("network", on.id))
    return vlan


async def _leave(network: NetworkService, tx: Tx, network_id: str) -> None:
    """Give the network's VLANs back once no machine is on it."""
    members = await ports.ports_of_network(tx, network_id)
    if any(port.binding_vnic_type == VNIC_MACHINE and port.binding_host_id for port in members):
        return
    if await segments.delete_segments(tx, network_id):
        await network.changed(tx, Ref("network", network_id))


def vlan_pool(network: NetworkService) -> tuple[int, int]:
    """First and last VLAN for overlay networks. BadRequest where the setting makes no sense."""
    low, _, high = network.settings.vlan_pool.partition("-")
    if low.isdecimal() and high.isdecimal() and 1 <= int(low) <= int(high) <= 4093:
        return int(low), int(high)
    raise BadRequest(
        f"network.vlan_pool is {network.settings.vlan_pool!r}, not two VLANs from 1 to 4093.",
        code="settings-invalid",
    )


async def _save(network: NetworkService, tx: Tx, before: Port, after: Port) -> None:
    if after == before:
        return
    after = replace(
        after,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await ports.save_port(tx, after, before)
    await network.changed(tx, Ref("port", after.id))

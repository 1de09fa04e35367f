"""What a device's ports look like to the services above: addresses, names, groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unkai.kit.db import Session
from unkai.network.model import FixedIP, Port
from unkai.network.service import NetworkService
from unkai.network.store import device_ports, ports


@dataclass(frozen=True, slots=True, kw_only=True)
class PortAddresses:
    """A port of a device. `floating_ips`: (fixed address, floating address)."""

    port: Port
    network_name: str
    mtu: int
    floating_ips: tuple[tuple[str, str], ...] = ()
    security_group_names: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.port.id

    @property
    def mac_address(self) -> str:
        return self.port.mac_address

    @property
    def fixed_ips(self) -> tuple[FixedIP, ...]:
        return self.port.fixed_ips


async def ports_of_devices(
    network: NetworkService, session: Session, device_ids: Iterable[str]
) -> dict[str, list[PortAddresses]]:
    """By device, in the order they were made; devices without ports are not in it.

    Six statements, however many devices.
    """
    found = await ports.ports_with_devices(session, device_ids)
    networks = await device_ports.names_of_networks(session, {port.network_id for port in found})
    groups = await device_ports.names_of_groups(
        session, {group_id for port in found for group_id in port.security_group_ids}
    )
    floating = await device_ports.floating_addresses(session, [port.id for port in found])
    made: dict[str, list[PortAddresses]] = {}
    for port in found:
        name, mtu = networks[port.network_id]
        made.setdefault(port.device_id, []).append(
            PortAddresses(
                port=port,
                network_name=name,
                mtu=mtu,
                floating_ips=tuple(floating.get(port.id, ())),
                security_group_names=tuple(groups[i] for i in port.security_group_ids),
            )
        )
    return made


async def get_ports(
    network: NetworkService, session: Session, port_ids: Sequence[str]
) -> dict[str, Port]:
    """Ports by id, without asking who wants to know."""
    return await ports.get_ports(session, port_ids)

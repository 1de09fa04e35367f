"""Whose address is this? The metadata service knows a machine by nothing else."""

from __future__ import annotations

import ipaddress

from unkai.kit.db import Session
from unkai.network.model import Port
from unkai.network.service import NetworkService
from unkai.network.store import ports


async def port_at(
    network: NetworkService, session: Session, network_id: str, address: str
) -> Port | None:
    """The port with this fixed IP in this network; None if there is none."""
    try:
        canonical = str(ipaddress.ip_address(address))
    except ValueError:
        return None
    port_id = await ports.port_id_at(session, network_id, canonical)
    return await ports.get_port(session, port_id) if port_id is not None else None

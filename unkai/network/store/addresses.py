"""Which addresses are taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from unkai.kit.db import AnyRow, Session, among
from unkai.network.store.listing import in_parts
from unkai.network.store.schema import port_addresses

TAKEN = select(port_addresses.c.ip_address).where(
    port_addresses.c.network_id == bindparam("network_id"), among(port_addresses.c.ip_address)
)


async def taken_among(session: Session, network_id: str, addresses: Iterable[str]) -> set[str]:
    """Those of `addresses` that a port of the network has."""
    found: set[str] = set()
    for part in in_parts(addresses):
        found |= set(await session.scalars(TAKEN, {"network_id": network_id, "ids": part}))
    return found


async def taken_in_subnet(session: Session, subnet_id: str) -> set[str]:
    return set(
        await session.scalars(
            select(port_addresses.c.ip_address).where(port_addresses.c.subnet_id == subnet_id)
        )
    )


async def addresses_in_subnet(session: Session, subnet_id: str) -> Sequence[AnyRow]:
    """(ip_address, port_id) of a subnet."""
    return await session.all(
        select(port_addresses.c.ip_address, port_addresses.c.port_id).where(
            port_addresses.c.subnet_id == subnet_id
        )
    )

"""VLANs by which overlay networks reach physical machines."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, insert, select

from unkai.kit.db import Session, Tx, among
from unkai.network.model import Segment
from unkai.network.store.listing import in_parts
from unkai.network.store.schema import network_segments as table
from unkai.network.store.schema import networks

OF_NETWORKS = select(table).where(among(table.c.network_id)).order_by(table.c.physical_network)
TAKEN = (
    select(table.c.vlan)
    .where(table.c.physical_network == bindparam("physical"))
    .union(
        select(networks.c.provider_segmentation_id).where(
            networks.c.provider_network_type == "vlan",
            networks.c.provider_physical_network == bindparam("physical"),
        )
    )
)


async def segments_of(session: Session, network_ids: Iterable[str]) -> dict[str, list[Segment]]:
    """By network; networks without any are not in it."""
    found: dict[str, list[Segment]] = {}
    for part in in_parts(network_ids):
        for row in await session.all(OF_NETWORKS, {"ids": part}):
            segment = Segment(row.network_id, row.physical_network, row.vlan)
            found.setdefault(row.network_id, []).append(segment)
    return found


async def vlans_taken(session: Session, physical_network: str) -> set[int]:
    """By VLAN networks and by segments."""
    return set(await session.scalars(TAKEN, {"physical": physical_network}))


async def insert_segment(tx: Tx, segment: Segment) -> None:
    row = {
        "network_id": segment.network_id,
        "physical_network": segment.physical_network,
        "vlan": segment.vlan,
    }
    await tx.execute(insert(table), row)


async def delete_segments(tx: Tx, network_id: str, physical_network: str | None = None) -> int:
    """Those of a network, or only the one on a physical network; how many there were."""
    statement = delete(table).where(table.c.network_id == network_id)
    if physical_network is not None:
        statement = statement.where(table.c.physical_network == physical_network)
    return await tx.count(statement)

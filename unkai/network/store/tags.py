"""Tags: a list of texts in the row of what they stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Table, update

from unkai.kit.db import Tx
from unkai.network.store.schema import (
    floating_ips,
    networks,
    ports,
    routers,
    security_groups,
    subnet_pools,
    subnets,
)

TAGGED: Mapping[str, Table] = {
    "networks": networks,
    "subnets": subnets,
    "ports": ports,
    "routers": routers,
    "floatingips": floating_ips,
    "security-groups": security_groups,
    "subnetpools": subnet_pools,
}
"""By the collection's name in the API."""


async def set_tags(tx: Tx, collection: str, id: str, tags: Sequence[str], now: float) -> None:
    table = TAGGED[collection]
    await tx.execute(
        update(table)
        .where(table.c.id == id)
        .values(tags=list(tags), updated_at=now, revision_number=table.c.revision_number + 1)
    )

"""Port groups: NICs of a node that are one to the network."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.model import Portgroup
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import portgroups
from unkai.kit.db import Session

PORTGROUPS = Rows(portgroups, Portgroup)


async def portgroups_of(session: Session, node_uuid: str) -> Sequence[Portgroup]:
    """Oldest first."""
    return await PORTGROUPS.list(session, portgroups.c.node_uuid == node_uuid)

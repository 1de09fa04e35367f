"""What is left over: on the wire without a row, or a row that never came to the wire."""

from __future__ import annotations

from dataclasses import dataclass

from unkai.kit.db import Session
from unkai.network.actions.load_desired import everything
from unkai.network.drivers.base import Kind, Ref
from unkai.network.service import NetworkService
from unkai.network.store import dirty, ports


@dataclass(frozen=True, slots=True, order=True)
class Leftover:
    """`where`: "wire" for something without a row, "table" for a row without a wire."""

    where: str
    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class DevicePort:
    """A port that a device of the service above holds."""

    port_id: str
    device_id: str
    host: str


async def leftovers(network: NetworkService, session: Session) -> list[Leftover]:
    """Differences that no change under way explains; none is what there must be."""
    wanted = await everything(session)
    present = network.driver.present()
    moving = {(row.kind, row.id) for row in await dirty.oldest(session, 100_000)}

    def listed(where: str, refs: set[Ref]) -> list[Leftover]:
        return [Leftover(where, r.kind, r.id) for r in refs if (r.kind, r.id) not in moving]

    return sorted(listed("wire", present - wanted) + listed("table", wanted - present))


async def device_ports(
    network: NetworkService, session: Session, owner_prefix: str = "compute:"
) -> list[DevicePort]:
    """All ports whose device owner begins so, for whoever knows which devices there are."""
    rows = await ports.ports_owned(session, owner_prefix)
    return [DevicePort(row.id, row.device_id, row.binding_host_id) for row in rows]

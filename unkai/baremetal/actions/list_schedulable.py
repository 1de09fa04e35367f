"""What the scheduler may choose from: nodes with a resource class, and why one takes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unkai.baremetal.actions.reserve_node import why_not
from unkai.baremetal.drivers.storage.cinder import why_no_volumes
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import nodes_with_class
from unkai.baremetal.store.ports import ports_of
from unkai.kit.db import Session


@dataclass(frozen=True, slots=True)
class Candidate:
    """refusal: None where the node is free. no_volumes: why it cannot have any; None if it can."""

    uuid: str
    name: str | None
    refusal: str | None
    no_volumes: str | None = None


async def list_schedulable(
    baremetal: Baremetal, session: Session, *, with_volumes: bool = False
) -> Sequence[Candidate]:
    """One query, whatever their number. with_volumes: say also why one can have none."""
    found = await nodes_with_class(session, abilities=with_volumes)
    return [
        Candidate(
            node.uuid, node.name, why_not(node), why_no_volumes(node) if with_volumes else None
        )
        for node in found
    ]


async def macs_of(session: Session, node_uuid: str) -> list[str]:
    """The MACs of a node, those that boot first."""
    ports = sorted(await ports_of(session, node_uuid), key=lambda port: not port.pxe_enabled)
    return [port.address for port in ports]

"""lookup: an agent asks which node it runs on, by its MACs, and is given its token, once.

A second lookup in the same boot gets stars instead. If the agent of a node that already called
looks itself up again, the machine has restarted in the middle of its work: whoever waits is told.
But the stock agent asks once more before it writes an image, for root device hints that are new; it
names its node then, which one that has just started does only after an inspection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from unkai.baremetal.actions.agent_session import HEARTBEAT
from unkai.baremetal.model import Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import LOOKUP_ALLOWED
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import ports_with
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

MASKED = "******"
INSPECTING = frozenset({State.INSPECTING, State.INSPECT_WAIT})
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")


async def look_up(
    baremetal: Baremetal, addresses: Sequence[str], node_uuid: str | None, *, request_id: str
) -> tuple[Node, str]:
    """The node and what its agent gets as token; NotFound unless one node waits for its agent."""
    macs = [mac.lower() for mac in addresses if _MAC.match(mac.lower())]
    if not macs and node_uuid is None:
        raise BadRequest("Either addresses or node_uuid is needed for a lookup.")

    async def write(tx: Tx) -> tuple[Node, str]:
        node = await _find(tx, macs, node_uuid)
        token = MASKED
        values: dict[str, Any] = {}
        if node.agent_token is None:
            token = baremetal.kit.chance.token_urlsafe(32)
            values["agent_token"] = token
        elif node.driver_internal_info.get("agent_url") and not _asks_again(node, macs, node_uuid):
            info = {**node.driver_internal_info, "agent_restarted": True}
            values["driver_internal_info"] = info
            await baremetal.kit.events.emit(tx, HEARTBEAT, node.uuid)
        now = baremetal.kit.clock.now()
        if values:
            await nodes.change_node(tx, node, now, **values)
        await record(
            tx,
            event(
                f"node/{node.uuid}",
                who.BARE_METAL_NODE,
                "agent looks its node up",
                started_at=now,
                ended_at=now,
                request_id=request_id,
                detail=", ".join(macs),
            ),
        )
        return node, token

    return await baremetal.kit.database.transact(write)


def _asks_again(node: Node, macs: Sequence[str], node_uuid: str | None) -> bool:
    return bool(macs) and node_uuid is not None and node.provision_state not in INSPECTING


async def _find(tx: Tx, macs: Sequence[str], node_uuid: str | None) -> Node:
    unknown = NotFound("No node waits for an agent with these addresses.", code="lookup-unknown")
    found = {port.node_uuid for port in await ports_with(tx, macs)} if macs else set[str]()
    if node_uuid is not None and macs and found and node_uuid not in found:
        raise unknown
    if node_uuid is None and len(found) != 1:
        raise unknown
    node = await nodes.get_node(tx, node_uuid or found.pop())
    if node is None or node.provision_state not in LOOKUP_ALLOWED:
        raise unknown
    return node

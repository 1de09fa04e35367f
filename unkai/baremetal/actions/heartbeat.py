"""heartbeat: an agent says that it lives, and where it takes commands."""

from __future__ import annotations

import hmac
from typing import Any

from unkai.baremetal.actions.agent_session import HEARTBEAT
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import LOOKUP_ALLOWED
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record


async def heartbeat(
    baremetal: Baremetal, node_ident: str, beat: dict[str, Any], *, request_id: str
) -> None:
    """beat: callback_url, agent_token, agent_version, agent_verify_ca, agent_status, ...

    BadRequest for a token that is not this node's; nothing of such a beat is believed.
    """

    async def write(tx: Tx) -> None:
        node = await nodes.get_node(tx, node_ident)
        if node is None:
            raise NotFound(f"Node {node_ident} could not be found.", code="node-unknown")
        given = str(beat.get("agent_token") or "")
        if node.agent_token is None or not hmac.compare_digest(given, node.agent_token):
            raise BadRequest("Invalid or missing agent token received.", code="agent-token")
        if node.provision_state not in LOOKUP_ALLOWED:
            raise Conflict(
                f"Node {node.uuid} expects no agent while it is {node.provision_state}.",
                code="heartbeat-unexpected",
            )
        now = baremetal.kit.clock.now()
        info = node.driver_internal_info
        if not info.get("agent_url"):
            first = event(
                f"node/{node.uuid}",
                who.BARE_METAL_NODE,
                "agent's first heartbeat",
                started_at=now,
                ended_at=now,
                request_id=request_id,
                detail=f"version {beat.get('agent_version')} at {beat['callback_url']}",
            )
            await record(tx, first)
        told = {
            "agent_url": beat["callback_url"],
            "agent_version": beat.get("agent_version"),
            "agent_last_heartbeat": now,
            **({"agent_verify_ca": ca} if (ca := beat.get("agent_verify_ca")) else {}),
        }
        await nodes.change_node(tx, node, now, driver_internal_info={**info, **told})
        await baremetal.kit.events.emit(tx, HEARTBEAT, node.uuid)

    await baremetal.kit.database.transact(write)

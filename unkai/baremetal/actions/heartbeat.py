"""heartbeat: an agent says that it lives, and where it takes commands.

Its token proves it, and it stays where it first called from: a stolen token moves no node's
commands to another machine. What is refused while a node has an agent is on the node's timeline, at
most once a minute, for anybody on the provisioning network may ask.
"""

from __future__ import annotations

import hmac
from typing import Any, Final
from urllib.parse import urlsplit

from unkai.baremetal.actions.agent_session import HEARTBEAT
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import LOOKUP_ALLOWED
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Fault, NotFound
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

TOLD_EVERY_S: Final = 60.0


async def heartbeat(
    baremetal: Baremetal, node_ident: str, beat: dict[str, Any], *, request_id: str, source: str
) -> None:
    """beat: callback_url, agent_token, agent_version, agent_verify_ca, agent_status, ...

    source: the address it came from. BadRequest for a token that is not this node's, or from
    elsewhere than its agent; nothing of such a beat is believed.
    """

    async def write(tx: Tx) -> Fault | None:
        node = await nodes.get_node(tx, node_ident)
        if node is None:
            raise NotFound(f"Node {node_ident} could not be found.", code="node-unknown")
        refusal = _refusal(node, beat)
        if refusal is not None:
            await _tell(baremetal, tx, node, f"from {source}: {refusal.message}", request_id)
            return refusal
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
        return None

    refusal = await baremetal.kit.database.transact(write)
    if refusal is not None:
        raise refusal


def _refusal(node: Node, beat: dict[str, Any]) -> Fault | None:
    given = str(beat.get("agent_token") or "")
    if node.agent_token is None or not hmac.compare_digest(given, node.agent_token):
        return BadRequest("Invalid or missing agent token received.", code="agent-token")
    known, told = (
        urlsplit(str(url or "")).hostname
        for url in (node.driver_internal_info.get("agent_url"), beat["callback_url"])
    )
    if known and known != told:
        return BadRequest(
            f"The agent of node {node.uuid} is at {known}, not at {told}.", code="agent-elsewhere"
        )
    return None


async def _tell(baremetal: Baremetal, tx: Tx, node: Node, said: str, request_id: str) -> None:
    now, info = baremetal.kit.clock.now(), node.driver_internal_info
    if node.agent_token is None or node.provision_state not in LOOKUP_ALLOWED:
        return
    if now - float(info.get("agent_refused_at") or 0.0) < TOLD_EVERY_S:
        return
    refused = event(
        f"node/{node.uuid}",
        who.BARE_METAL_NODE,
        "heartbeat refused",
        started_at=now,
        ended_at=now,
        request_id=request_id,
        outcome="failed",
        detail=said,
    )
    await record(tx, refused)
    await nodes.change_node(tx, node, now, driver_internal_info={**info, "agent_refused_at": now})

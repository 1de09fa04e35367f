"""Facts about the cloud's own network: agents, availability zones, service providers."""

from __future__ import annotations

import uuid
from typing import Any

from unkai.kit.clock import iso
from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route
from unkai.network.api.listing import only_fields
from unkai.network.service import ZONE, NetworkService

KINDS = (
    ("OVN Controller Gateway agent", "ovn-controller"),
    ("OVN Metadata agent", "unkai-metadata"),
)
"""What works on every host: (type, program)."""


async def _agents(call: Call) -> list[dict[str, Any]]:
    """True for as long as the wire is well; who is no administrator sees none."""
    service: NetworkService = call.service
    if not call.caller.reads_all:
        return []
    alive = (await service.driver.health()).ok
    now = iso(service.kit.clock.now()).replace("T", " ").removesuffix("Z")
    return [
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"unkai:{host}/{program}")),
            "agent_type": kind,
            "binary": program,
            "host": host,
            "availability_zone": ZONE,
            "topic": "n/a",
            "alive": alive,
            "admin_state_up": True,
            "heartbeat_timestamp": now,
            "created_at": now,
            "started_at": now,
            "description": "",
            "configurations": {},
            "resources_synced": None,
        }
        for host in service.hosts()
        for kind, program in KINDS
    ]


async def list_agents(call: Call) -> dict[str, Any]:
    query = call.request.query_params
    found = [
        agent
        for agent in await _agents(call)
        if all(
            str(agent[name]).lower() == query[name].lower()
            for name in ("agent_type", "host", "binary", "alive", "id", "admin_state_up")
            if name in query
        )
    ]
    return {"agents": only_fields(call, found)}


async def show_agent(call: Call) -> dict[str, Any]:
    for agent in await _agents(call):
        if agent["id"] == call.params["agent_id"]:
            return {"agent": only_fields(call, [agent])[0]}
    raise NotFound(f"Agent {call.params['agent_id']} could not be found", code="agent-not-found")


async def list_zones(call: Call) -> dict[str, Any]:
    zones = [
        {"name": ZONE, "resource": resource, "state": "available"}
        for resource in ("network", "router")
    ]
    query = call.request.query_params
    return {
        "availability_zones": [
            zone
            for zone in zones
            if all(zone[name] == query[name] for name in zone if name in query)
        ]
    }


async def list_service_providers(call: Call) -> dict[str, Any]:
    provider = {"service_type": "L3_ROUTER_NAT", "name": "ovn", "default": True}
    return {"service_providers": only_fields(call, [provider])}


ROUTES = (
    Route("GET", "/v2.0/agents", list_agents, policy="get_agent"),
    Route("GET", "/v2.0/agents/{agent_id}", show_agent, policy="get_agent"),
    Route("GET", "/v2.0/availability_zones", list_zones, policy="get_availability_zone"),
    Route("GET", "/v2.0/service-providers", list_service_providers, policy="get_service_provider"),
)

"""/nodes/{id}/states: what a node is in, and the verbs that lead it elsewhere."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.provision import provision
from unkai.baremetal.api.node_views import READERS
from unkai.baremetal.service import Baremetal
from unkai.kit.http import Call, Route

SHOWN = (
    "console_enabled",
    "last_error",
    "power_state",
    "provision_state",
    "provision_updated_at",
    "target_power_state",
    "target_provision_state",
    "raid_config",
    "target_raid_config",
    "boot_mode",
    "secure_boot",
)


class ProvisionTarget(Struct, forbid_unknown_fields=True):
    target: str


async def show_states(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    node = await find_node(session, call.caller, call.params["node_ident"])
    return {name: READERS[name](node) for name in SHOWN}


async def put_provision(call: Call) -> None:
    body: ProvisionTarget = call.body
    await provision(
        call.service,
        call.caller,
        call.params["node_ident"],
        body.target,
        request_id=call.request_id,
    )


_STATES = "/nodes/{node_ident}/states"
ROUTES = (
    Route("GET", _STATES, show_states, policy="baremetal:node:get_states"),
    Route(
        "PUT",
        f"{_STATES}/provision",
        put_provision,
        policy="baremetal:node:set_provision_state",
        body=ProvisionTarget,
        status=202,
    ),
)

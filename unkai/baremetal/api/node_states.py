"""/nodes/{id}/states: what a node is in, and the switches beside its provision state."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from unkai.baremetal.actions.find_node import find_node, permitted_node
from unkai.baremetal.actions.open_console import give_console_ticket
from unkai.baremetal.actions.rights import require
from unkai.baremetal.actions.set_boot_mode import set_boot_mode, set_secure_boot
from unkai.baremetal.actions.set_console import set_console
from unkai.baremetal.actions.set_power_state import SOFT, set_power_state
from unkai.baremetal.actions.set_raid_config import set_raid_config
from unkai.baremetal.api.asked import boolean, ident, need
from unkai.baremetal.api.node_views import READERS, state_shown
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest, MethodNotAllowed, NotFound
from unkai.kit.http import Call, Route
from unkai.kit.http.stream_door import stream_url

SHOWN = (
    "console_enabled",
    "last_error",
    "power_state",
    "provision_state",
    "provision_updated_at",
    "target_power_state",
    "target_provision_state",
)


class PowerTarget(Struct, forbid_unknown_fields=True):
    target: str
    timeout: int | None = None


class BootModeTarget(Struct, forbid_unknown_fields=True):
    target: str


class SecureBootTarget(Struct, forbid_unknown_fields=True):
    target: bool | str


class ConsoleTarget(Struct, forbid_unknown_fields=True):
    enabled: bool | str


class LogicalDisk(Struct, forbid_unknown_fields=True):
    raid_level: Literal["JBOD", "0", "1", "2", "5", "6", "1+0", "5+0", "6+0"]
    size_gb: Annotated[int, Meta(ge=0)] | Literal["MAX"]
    volume_name: str | None = None
    is_root_volume: bool | None = None
    share_physical_disks: bool | None = None
    disk_type: Literal["hdd", "ssd"] | None = None
    interface_type: Literal["sata", "scsi", "sas"] | None = None
    number_of_physical_disks: Annotated[int, Meta(gt=0)] | None = None
    controller: str | None = None
    physical_disks: list[Any] | None = None


class RaidConfig(Struct, forbid_unknown_fields=True):
    logical_disks: list[LogicalDisk] | None = None


async def show_states(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    rule = "baremetal:node:get_states"
    node = await permitted_node(session, call.caller, ident(call), rule)
    raid = ("raid_config", "target_raid_config") if call.at_least("1.12") else ()
    boot = ("boot_mode", "secure_boot") if call.at_least("1.75") else ()
    shown = {name: READERS[name](node) for name in (*SHOWN, *raid, *boot)}
    shown["provision_state"] = state_shown(call, node.provision_state)
    return shown


async def put_power(call: Call) -> None:
    body: PowerTarget = call.body
    await _allowed(call, "baremetal:node:set_power_state")
    if body.target in SOFT or body.timeout:
        need(call, "1.27")
    if body.timeout is not None and body.timeout < 1:
        raise BadRequest("timeout has to be positive integer")
    await set_power_state(
        call.service,
        call.caller,
        ident(call),
        body.target,
        timeout_s=body.timeout,
        request_id=call.request_id,
    )
    _location(call, "states")


async def put_boot_mode(call: Call) -> None:
    body: BootModeTarget = call.body
    await _allowed(call, "baremetal:node:set_boot_mode")
    _need_1_76(call)
    if body.target not in ("bios", "uefi"):
        raise BadRequest(
            f"Invalid boot mode {body.target} requested for node. Allowed boot modes are: bios, "
            "uefi."
        )
    who, request_id = call.caller, call.request_id
    await set_boot_mode(call.service, who, ident(call), body.target, request_id=request_id)
    _location(call, "states")


async def put_secure_boot(call: Call) -> None:
    body: SecureBootTarget = call.body
    await _allowed(call, "baremetal:node:set_secure_boot")
    _need_1_76(call)
    on = boolean("target", body.target)
    who, request_id = call.caller, call.request_id
    await set_secure_boot(call.service, who, ident(call), on=on, request_id=request_id)
    _location(call, "states")


async def _allowed(call: Call, rule: str) -> None:
    """Whose node it is comes before what is wrong with the request."""
    baremetal: Baremetal = call.service
    node = await find_node(baremetal.kit.database.reader, call.caller, ident(call))
    require(call.caller, node, rule)


def _need_1_76(call: Call) -> None:
    if not call.at_least("1.76"):
        raise NotFound("This endpoint is supported starting with the API version 1.76.")


async def put_raid(call: Call) -> None:
    need(call, "1.12")
    await set_raid_config(call.service, call.caller, ident(call), call.data)


async def show_console(call: Call) -> dict[str, Any]:
    """With an address that opens one connection, soon; each asking gives another."""
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    rule = "baremetal:node:get_console"
    node = await permitted_node(session, call.caller, ident(call), rule)
    info = None
    if node.console_enabled:
        ticket = await give_console_ticket(baremetal, call.caller, node)
        url = stream_url(call.base_url, ticket)
        info = {"type": "websocket", "url": url}
    return {"console_enabled": node.console_enabled, "console_info": info}


async def put_console(call: Call) -> None:
    body: ConsoleTarget = call.body
    await _allowed(call, "baremetal:node:set_console_state")
    enabled = boolean("enabled", body.enabled)
    await set_console(call.service, call.caller, ident(call), enabled=enabled)
    _location(call, "states/console")


async def refuse_state(call: Call) -> None:
    raise MethodNotAllowed(
        f"The state {call.params['state']} can not be set.",
        remedy="There are provision, power, raid, console, boot_mode and secure_boot.",
    )


def _location(call: Call, below: str) -> None:
    call.headers["Location"] = f"{call.url}/nodes/{call.params['node_ident']}/{below}"


_STATES = "/nodes/{node_ident}/states"
ROUTES = (
    Route("GET", _STATES, show_states, policy="baremetal:node:get_states"),
    Route(
        "PUT",
        f"{_STATES}/power",
        put_power,
        policy="baremetal:node:set_power_state",
        body=PowerTarget,
        status=202,
    ),
    Route(
        "PUT",
        f"{_STATES}/boot_mode",
        put_boot_mode,
        policy="baremetal:node:set_boot_mode",
        body=BootModeTarget,
        status=202,
    ),
    Route(
        "PUT",
        f"{_STATES}/secure_boot",
        put_secure_boot,
        policy="baremetal:node:set_secure_boot",
        body=SecureBootTarget,
        status=202,
    ),
    Route(
        "PUT",
        f"{_STATES}/raid",
        put_raid,
        policy="baremetal:node:set_raid_state",
        body=RaidConfig,
        status=204,
    ),
    Route("GET", f"{_STATES}/console", show_console, policy="baremetal:node:get_console"),
    Route(
        "GET",
        "/nodes/states/console/{node_ident}",
        show_console,
        policy="baremetal:node:get_console",
    ),
    Route(
        "PUT",
        f"{_STATES}/console",
        put_console,
        policy="baremetal:node:set_console_state",
        body=ConsoleTarget,
        status=202,
    ),
    Route("PUT", f"{_STATES}/{{state}}", refuse_state, policy="baremetal:node:get_states"),
)

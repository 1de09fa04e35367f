"""A node as the API shows it: which fields, at which microversion."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from unkai.baremetal.api.links import links
from unkai.baremetal.model import INTERFACES, Node
from unkai.kit.clock import iso
from unkai.kit.errors import BadRequest, NotAcceptable
from unkai.kit.http import Call
from unkai.kit.http.versions import Version, parse

HIDDEN = "******"
BRIEF = (
    "instance_uuid",
    "maintenance",
    "power_state",
    "provision_state",
    "uuid",
    "name",
    "links",
)
_BELOW = {"ports": "1.1", "states": "1.14", "portgroups": "1.24", "volume": "1.32"}

SINCE: dict[str, str] = {
    "uuid": "1.1",
    "driver": "1.1",
    "driver_info": "1.1",
    "properties": "1.1",
    "instance_uuid": "1.1",
    "instance_info": "1.1",
    "extra": "1.1",
    "chassis_uuid": "1.1",
    "console_enabled": "1.1",
    "created_at": "1.1",
    "updated_at": "1.1",
    "last_error": "1.1",
    "links": "1.1",
    "maintenance": "1.1",
    "maintenance_reason": "1.1",
    "power_state": "1.1",
    "target_power_state": "1.1",
    "provision_state": "1.1",
    "target_provision_state": "1.1",
    "provision_updated_at": "1.1",
    "reservation": "1.1",
    "ports": "1.1",
    "driver_internal_info": "1.3",
    "name": "1.5",
    "inspection_started_at": "1.6",
    "inspection_finished_at": "1.6",
    "clean_step": "1.7",
    "raid_config": "1.12",
    "target_raid_config": "1.12",
    "states": "1.14",
    "network_interface": "1.20",
    "resource_class": "1.21",
    "portgroups": "1.24",
    **{
        f"{kind}_interface": "1.31"
        for kind in (
            "boot",
            "console",
            "deploy",
            "inspect",
            "management",
            "power",
            "raid",
            "vendor",
        )
    },
    "volume": "1.32",
    "storage_interface": "1.33",
    "traits": "1.37",
    "rescue_interface": "1.38",
    "bios_interface": "1.40",
    "fault": "1.42",
    "deploy_step": "1.44",
    "conductor_group": "1.46",
    "automated_clean": "1.47",
    "protected": "1.48",
    "protected_reason": "1.48",
    "conductor": "1.49",
    "owner": "1.50",
    "description": "1.51",
    "allocation_uuid": "1.52",
    "retired": "1.61",
    "retired_reason": "1.61",
    "lessee": "1.65",
    "network_data": "1.66",
    "boot_mode": "1.75",
    "secure_boot": "1.75",
    "shard": "1.82",
    "parent_node": "1.83",
    "firmware_interface": "1.86",
    "service_step": "1.87",
    "disable_power_off": "1.95",
    "instance_name": "1.104",
    "health": "1.109",
}
"""Every field, and the first microversion that has it."""

Reader = Callable[[Node], Any]


def masked(info: dict[str, Any]) -> dict[str, Any]:
    """Passwords and secrets of driver_info are never shown."""
    if not any("password" in key or "secret" in key or "token" in key for key in info):
        return info
    return {
        key: HIDDEN if "password" in key or "secret" in key or "token" in key else value
        for key, value in info.items()
    }


def _instance_info(node: Node) -> dict[str, Any]:
    info = masked(node.instance_info)
    return {**info, "configdrive": HIDDEN} if info.get("configdrive") else info


def _time(name: str) -> Reader:
    def read(node: Node) -> str | None:
        at = getattr(node, name)
        return None if at is None else iso(at).replace("Z", "+00:00")

    return read


def _reader(name: str) -> Reader:
    if name.endswith("_at"):
        return _time(name)
    if name.endswith("_interface"):
        kind = name.removesuffix("_interface")
        return lambda node: node.interfaces.get(kind)
    if name == "instance_info":
        return _instance_info
    if name in ("driver_info", "driver_internal_info"):
        return lambda node: masked(getattr(node, name))
    return lambda node: getattr(node, name)


_COMPUTED = frozenset({"links", "reservation", *_BELOW})
READERS: dict[str, Reader] = {name: _reader(name) for name in SINCE if name not in _COMPUTED}
INTERFACE_FIELDS = tuple(f"{kind}_interface" for kind in INTERFACES)


@functools.cache
def fields_at(version: Version) -> tuple[str, ...]:
    return tuple(name for name, first in SINCE.items() if version >= parse(first))


def asked_fields(call: Call, default: Sequence[str] | None) -> tuple[str, ...]:
    """What `fields` asks for, or the default; all of this microversion where that is None."""
    there = fields_at(call.version)
    given = call.request.query_params.get("fields")
    if given is None:
        return there if default is None else tuple(f for f in default if f in there)
    wanted = tuple(part.strip() for part in given.split(","))
    unknown = [name for name in wanted if name not in SINCE]
    if unknown:
        raise BadRequest(f'Field(s) "{", ".join(unknown)}" are not valid', code="field-unknown")
    newer = [name for name in wanted if name not in there]
    if newer:
        raise NotAcceptable(
            f"Request not acceptable. Field {newer[0]} is not available at this microversion.",
            code="field-too-new",
        )
    return tuple(dict.fromkeys((*wanted, "links")))


def show(call: Call, node: Node, fields: Sequence[str], reserved_by: str | None) -> dict[str, Any]:
    """reserved_by: the conductor that works on it now."""
    shown: dict[str, Any] = {}
    for name in fields:
        read = READERS.get(name)
        if read is not None:
            shown[name] = read(node)
        elif name == "links":
            shown[name] = links(call, "nodes", node.uuid)
        elif name == "reservation":
            shown[name] = reserved_by
        else:
            shown[name] = links(call, "nodes", node.uuid, name)
    if "provision_state" in shown and call.version < (1, 2):
        shown["provision_state"] = (
            None if node.provision_state == "available" else node.provision_state
        )
    return shown

"""A node as the API shows it: which fields, at which microversion."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, cast

from unkai.baremetal.actions.rights import may, sees_all
from unkai.baremetal.api.asked import need, texts
from unkai.baremetal.model import INTERFACES, Node, State
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
BELOW = {"ports": "1.1", "states": "1.14", "portgroups": "1.24", "volume": "1.32"}

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
SECRET = re.compile("(?i)password|secret|token|snmp_auth_key|snmp_priv_key")
"""In the name of what is never shown."""


def masked(info: dict[str, Any]) -> dict[str, Any]:
    """Passwords and secrets are never shown, however deep they lie."""
    shown: dict[str, Any] | None = None
    for key, value in info.items():
        if isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            made: Any = masked(inner)
        elif SECRET.search(key):
            made = HIDDEN
        else:
            continue
        if made is not value:
            shown = dict(info) if shown is None else shown
            shown[key] = made
    return info if shown is None else shown


def masked_instance_info(instance_info: dict[str, Any]) -> dict[str, Any]:
    info = masked(instance_info)
    hidden = [name for name in ("configdrive", "image_url") if info.get(name)]
    return {**info, **dict.fromkeys(hidden, HIDDEN)} if hidden else info


def _time(name: str) -> Reader:
    def read(node: Node) -> str | None:
        at = getattr(node, name)
        return None if at is None else shown_time(at)

    return read


def shown_time(at: float) -> str:
    return iso(at).replace("Z", "+00:00")


def _reader(name: str) -> Reader:
    if name.endswith("_at"):
        return _time(name)
    if name.endswith("_interface"):
        kind = name.removesuffix("_interface")
        return lambda node: node.interfaces.get(kind)
    if name == "instance_info":
        return lambda node: masked_instance_info(node.instance_info)
    if name in ("driver_info", "driver_internal_info"):
        return lambda node: masked(getattr(node, name))
    return attrgetter(name)


COMPUTED = frozenset({"links", "reservation", *BELOW})
READERS: dict[str, Reader] = {name: _reader(name) for name in SINCE if name not in COMPUTED}
INTERFACE_FIELDS = tuple(f"{kind}_interface" for kind in INTERFACES)
_FIRST = {name: parse(version) for name, version in SINCE.items()}


@functools.cache
def fields_at(version: Version) -> tuple[str, ...]:
    return tuple(name for name, first in _FIRST.items() if version >= first)


def refuse_newer(call: Call, names: Iterable[str]) -> None:
    """NotAcceptable for a field that this microversion has not."""
    for name in names:
        first = _FIRST.get(name)
        if first is not None and call.version < first:
            raise NotAcceptable(
                f"Request not acceptable. The field {name} needs API version {SINCE[name]}.",
                code="field-too-new",
            )


def asked_fields(call: Call, default: Sequence[str] | None) -> tuple[str, ...]:
    """What `fields` asks for, or the default; all of this microversion where that is None."""
    there = fields_at(call.version)
    wanted = texts(call, "fields")
    if wanted is None:
        return there if default is None else tuple(f for f in default if f in there)
    need(call, "1.8")
    refuse_newer(call, wanted)
    unknown = [name for name in wanted if name not in SINCE]
    if unknown:
        raise BadRequest(f'Field(s) "{", ".join(unknown)}" are not valid', code="field-unknown")
    return tuple(dict.fromkeys((*wanted, "links")))


_GUARDED: dict[str, Any] = {
    "last_error": "** Value redacted: requires baremetal:node:get:last_error permission **",
    "reservation": "** Redacted: requires baremetal:node:get:reservation permission **",
    "driver_internal_info": {
        "content": "** Redacted: requires baremetal:node:get:driver_internal_info permission **"
    },
    "driver_info": {
        "content": "** Redacted: requires baremetal:node:get:driver_info permission **"
    },
}
"""What a lessee does not see of the machine it has."""


def state_shown(call: Call, state: str) -> str | None:
    """A provision state in the words of this microversion."""
    if state == State.AVAILABLE and call.version < (1, 2):
        return None
    if state == State.INSPECT_WAIT and call.version < (1, 39):
        return State.INSPECTING
    return state


class View:
    """How one request shows nodes: which fields, read how."""

    def __init__(self, call: Call, fields: Sequence[str]) -> None:
        self._call = call
        self._read = [(name, READERS[name]) for name in fields if name in READERS]
        self._below = [name for name in fields if name in BELOW]
        self._links = "links" in fields
        self.shows_reservation = "reservation" in fields
        self._state = "provision_state" in fields and call.version < (1, 39)
        self._all = sees_all(call.caller)
        self._root = call.url.removesuffix("/v1")

    def show(self, node: Node, reserved_by: str | None) -> dict[str, Any]:
        """reserved_by: the conductor that works on it now."""
        shown = {name: read(node) for name, read in self._read}
        if self._state:
            shown["provision_state"] = state_shown(self._call, node.provision_state)
        if self.shows_reservation:
            shown["reservation"] = reserved_by
        path = f"nodes/{node.uuid}"
        if self._links:
            shown["links"] = self._two(path)
        for name in self._below:
            shown[name] = self._two(f"{path}/{name}")
        if not self._all:
            for name, instead in _GUARDED.items():
                if name in shown and not may(self._call.caller, node, f"baremetal:node:get:{name}"):
                    shown[name] = instead
        return shown

    def _two(self, path: str) -> list[dict[str, str]]:
        return [
            {"href": f"{self._root}/v1/{path}", "rel": "self"},
            {"href": f"{self._root}/{path}", "rel": "bookmark"},
        ]

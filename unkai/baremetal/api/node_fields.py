"""What a user may say of a node: types and limits of every field, for POST and PATCH alike."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from unkai.baremetal.actions.find_node import is_uuid
from unkai.baremetal.api.asked import boolean
from unkai.baremetal.api.node_views import INTERFACE_FIELDS
from unkai.baremetal.model import INTERFACES
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call

Text = Annotated[str, Meta(max_length=255)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Flag = bool | str | None


class NodeFields(Struct, forbid_unknown_fields=True, kw_only=True):
    driver: Annotated[str, Meta(min_length=1, max_length=255)]
    name: Text | None = None
    chassis_uuid: Uuid | None = None
    instance_uuid: Uuid | None = None
    instance_name: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    driver_info: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    instance_info: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    network_data: dict[str, Any] | None = None
    resource_class: Annotated[str, Meta(max_length=80)] | None = None
    conductor_group: Annotated[str, Meta(max_length=255, pattern=r"^[a-zA-Z0-9_.-]*$")] | None = (
        None
    )
    owner: Text | None = None
    lessee: Text | None = None
    shard: Text | None = None
    parent_node: Annotated[str, Meta(max_length=255)] | None = None
    description: Annotated[str, Meta(max_length=4096)] | None = None
    automated_clean: Flag = None
    maintenance: Flag = None
    retired: Flag = None
    retired_reason: str | None = None
    disable_power_off: Flag = None
    bios_interface: Text | None = None
    boot_interface: Text | None = None
    console_interface: Text | None = None
    deploy_interface: Text | None = None
    firmware_interface: Text | None = None
    inspect_interface: Text | None = None
    management_interface: Text | None = None
    network_interface: Text | None = None
    power_interface: Text | None = None
    raid_interface: Text | None = None
    rescue_interface: Text | None = None
    storage_interface: Text | None = None
    vendor_interface: Text | None = None


class NewNode(NodeFields):
    uuid: Uuid | None = None


class ChangedNode(NodeFields):
    protected: Flag = None
    protected_reason: str | None = None


PATCHABLE = ChangedNode.__struct_fields__
_OBJECTS = ("driver_info", "properties", "instance_info", "extra", "network_data")
_FLAGS = ("maintenance", "retired", "disable_power_off", "protected")
_RESERVED = frozenset(
    {"detail", "maintenance", "management", "states", "validate", "vendor_passthru"}
)
_NAME = re.compile(r"[A-Za-z0-9-._~]+")
_OLD_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9-]*[a-z0-9])*", re.IGNORECASE)


def columns(said: NodeFields) -> dict[str, Any]:
    """The fields as the model has them; `interfaces` holds what is asked for, None for defaults."""
    values: dict[str, Any] = {
        name: getattr(said, name) for name in said.__struct_fields__ if name not in INTERFACE_FIELDS
    }
    for name in _OBJECTS:
        values[name] = values[name] or {}
    for name in _FLAGS:
        if name in values:
            given = values[name]
            values[name] = False if given is None else boolean(name, given)
    cleaned = values["automated_clean"]
    values["automated_clean"] = None if cleaned is None else boolean("automated_clean", cleaned)
    values["conductor_group"] = (values["conductor_group"] or "").lower()
    for name in ("instance_uuid", "chassis_uuid", "uuid"):
        if values.get(name):
            values[name] = values[name].lower()
    check_network_data(values["network_data"])
    values["interfaces"] = {kind: getattr(said, f"{kind}_interface") for kind in INTERFACES}
    return values


def check_name(call: Call, name: str | None) -> None:
    """BadRequest for a name that no path could hold or that means something else there."""
    if name is None:
        return
    form = _NAME if call.at_least("1.10") else _OLD_NAME
    if not form.fullmatch(name) or is_uuid(name):
        raise BadRequest(f"Cannot use the invalid name '{name}' for a node.", code="node-name")
    if name in _RESERVED:
        raise BadRequest(
            f'The word "{name}" is reserved and can not be used as a node name. Reserved words '
            f"are: {', '.join(sorted(_RESERVED))}.",
            code="node-name",
        )


class _Link(Struct):
    id: str
    type: str


class _Network(Struct):
    id: str
    link: str
    type: str


class _NetworkData(Struct, forbid_unknown_fields=True):
    links: list[_Link]
    networks: list[_Network]
    services: list[dict[str, Any]] = []


def check_network_data(data: dict[str, Any]) -> None:
    """BadRequest unless it has the form of a config drive's network_data.json, or is empty."""
    if not data:
        return
    try:
        msgspec.convert(data, _NetworkData)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Invalid network_data: {error}.", code="network-data") from error

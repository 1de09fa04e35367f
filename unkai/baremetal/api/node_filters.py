"""The filters of a list of nodes, and since which microversion each is there."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.api.asked import flag, need, need_for, text, texts, uuid
from unkai.baremetal.api.node_views import refuse_newer
from unkai.baremetal.model import State
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call

FAULTS = ("power failure", "clean failure", "rescue abort failure", "service failure")
_SINCE = {
    "provision_state": "1.9",
    "driver": "1.16",
    "resource_class": "1.21",
    "fault": "1.42",
    "conductor_group": "1.46",
    "conductor": "1.49",
    "owner": "1.50",
    "lessee": "1.65",
    "shard": "1.82",
    "sharded": "1.82",
    "include_children": "1.83",
    "parent_node": "1.83",
    "instance_name": "1.104",
}
_TEXTS = (
    "provision_state",
    "driver",
    "resource_class",
    "fault",
    "conductor",
    "owner",
    "lessee",
    "project",
    "parent_node",
    "description_contains",
    "instance_name",
)
_FLAGS = ("associated", "maintenance", "retired", "sharded", "include_children")
_UUIDS = ("instance_uuid", "chassis_uuid")


def filters_of(call: Call) -> dict[str, Any]:
    """Name to value; NotAcceptable for one that is too new, BadRequest for a wrong value."""
    for name, first in _SINCE.items():
        need_for(call, first, name)
    refuse_newer(call, [call.request.query_params.get("sort_key", "")])
    found: dict[str, Any] = {name: text(call, name) for name in _TEXTS}
    found.update({name: flag(call, name) for name in _FLAGS})
    found.update({name: uuid(call, name) for name in _UUIDS})
    group = text(call, "conductor_group")
    found["conductor_group"] = group and group.lower()
    found["shard"] = texts(call, "shard")
    state, fault = found["provision_state"], found["fault"]
    if state is not None and state not in tuple(State):
        raise BadRequest(f'Provision state "{state}" is not valid')
    if fault is not None and fault not in FAULTS:
        raise BadRequest(
            f'Unrecognized fault "{fault}" is specified, allowed faults are {", ".join(FAULTS)}.'
        )
    return {name: value for name, value in found.items() if value is not None}


def wants_detail(call: Call) -> bool:
    """Whether the query asks for every field; not together with `fields`."""
    detail = flag(call, "detail")
    if detail is None:
        return False
    if not call.at_least("1.43"):
        raise BadRequest(f"Invalid query parameter ?detail={detail} received.")
    if detail and "fields" in call.request.query_params:
        raise BadRequest("Can not specify ?detail=True and fields in the same request.")
    return detail


def refuse_fields(call: Call) -> None:
    """`fields` is not for the detailed list."""
    if "fields" in call.request.query_params:
        need(call, "1.8")
        raise BadRequest("fields can not be asked for in the detailed list.")

"""Who may do what, by upstream's rule names; per route, and per field of a request or an answer.

Ownership is the actions' to check. What depends on the network's owner (a port's MAC, its fence) is
there, too, since services above must be held to it as well.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import UNSET

from unkai.kit.policy import Caller, Policy, Rule, admin, admin_reader, anyone, member, reader

_OWNED = (
    "network",
    "subnet",
    "port",
    "router",
    "floatingip",
    "security_group",
    "security_group_rule",
    "subnetpool",
    "address_scope",
    "rbac_policy",
)


def _rules() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for noun in _OWNED:
        rules |= {
            f"get_{noun}": reader,
            f"create_{noun}": member,
            f"update_{noun}": member,
            f"delete_{noun}": member,
        }
    return rules


POLICY = Policy(
    {
        **_rules(),
        "add_router_interface": member,
        "remove_router_interface": member,
        "add_extraroutes": member,
        "remove_extraroutes": member,
        "get_tags": reader,
        "update_tags": member,
        "delete_tags": member,
        "get_quota": reader,
        "update_quota": admin,
        "delete_quota": admin,
        "get_agent": reader,
        "get_availability_zone": reader,
        "get_network_ip_availability": admin_reader,
        "get_auto_allocated_topology": member,
        "delete_auto_allocated_topology": member,
        "get_extension": anyone,
        "get_service_provider": reader,
        "create_network:shared": admin,
        "create_network:router:external": admin,
        "create_network:is_default": admin,
        "create_network:provider:network_type": admin,
        "create_network:provider:physical_network": admin,
        "create_network:provider:segmentation_id": admin,
        "update_network:shared": admin,
        "update_network:router:external": admin,
        "update_network:is_default": admin,
        "get_network:provider:network_type": admin_reader,
        "get_network:provider:physical_network": admin_reader,
        "get_network:provider:segmentation_id": admin_reader,
        "create_subnet:segment_id": admin,
        "create_subnet:service_types": admin,
        "update_subnet:service_types": admin,
        "get_subnet:segment_id": admin_reader,
        "create_port:binding:host_id": admin,
        "create_port:binding:profile": admin,
        "update_port:mac_address": admin,
        "update_port:binding:host_id": admin,
        "update_port:binding:profile": admin,
        "get_port:binding:host_id": admin_reader,
        "get_port:binding:profile": admin_reader,
        "get_port:binding:vif_type": admin_reader,
        "get_port:binding:vif_details": admin_reader,
        "create_router:distributed": admin,
        "create_router:ha": admin,
        "update_router:distributed": admin,
        "update_router:ha": admin,
        "get_router:distributed": admin_reader,
        "get_router:ha": admin_reader,
        "create_floatingip:floating_ip_address": admin,
        "create_subnetpool:shared": admin,
        "create_subnetpool:is_default": admin,
        "update_subnetpool:is_default": admin,
        "create_address_scope:shared": admin,
        "update_address_scope:shared": admin,
        "create_rbac_policy:target_tenant": member,
    }
)

_HIDDEN: Mapping[str, Mapping[str, str]] = {
    noun: {
        rule.removeprefix(f"get_{noun}:"): rule
        for rule in POLICY.rules
        if rule.startswith(f"get_{noun}:")
    }
    for noun in _OWNED
}


@functools.cache
def _ruled(shape: Any, verb: str, noun: str) -> tuple[tuple[str, Any, str], ...]:
    """(field, default, rule) of every field of a request that has a rule of its own."""
    return tuple(
        (field.name, field.default, f"{verb}_{noun}:{field.encode_name}")
        for field in msgspec.structs.fields(shape)
        if f"{verb}_{noun}:{field.encode_name}" in POLICY.rules
    )


def check_create(caller: Caller, noun: str, request: Any) -> None:
    """Forbidden where a field that is not the caller's was set to something of its own.

    The default said aloud is no offence: clients do it.
    """
    for name, default, rule in _ruled(cast("Any", type(request)), "create", noun):
        if getattr(request, name) != default:
            POLICY.check(caller, rule)


def check_update(caller: Caller, noun: str, change: Any) -> None:
    """Forbidden where a field that is not the caller's is named at all, even with its value."""
    for name, _, rule in _ruled(cast("Any", type(change)), "update", noun):
        if getattr(change, name) is not UNSET:
            POLICY.check(caller, rule)


def hide(caller: Caller, noun: str, view: dict[str, Any]) -> dict[str, Any]:
    """The view without the fields that this caller may not read."""
    if caller.reads_all:
        return view
    for field, rule in _HIDDEN[noun].items():
        if not POLICY.allows(caller, rule):
            view.pop(field, None)
    return view

"""Who may do what to a node: upstream's rules by their names, asked with the node at hand.

A node may have an owner and a lessee, which are projects. The door lets in whoever could see nodes
at all; what is decided here depends on the node. A cloud's admin may everything, a system reader
sees everything, and a service counts as a system's member.
"""

from __future__ import annotations

from collections.abc import Callable

from unkai.baremetal.model import Node
from unkai.kit.errors import Forbidden
from unkai.kit.policy import Caller

Right = Callable[[Caller, Node], bool]


def sees_all(caller: Caller) -> bool:
    return caller.reads_all or "service" in caller.roles


def system_member(caller: Caller) -> bool:
    member = caller.system and "member" in caller.roles
    return caller.is_admin or member or "service" in caller.roles


def owns(caller: Caller, node: Node) -> bool:
    return node.owner is not None and node.owner == caller.project_id


def leases(caller: Caller, node: Node) -> bool:
    return node.lessee is not None and node.lessee == caller.project_id


def admin(caller: Caller, node: Node) -> bool:
    return caller.is_admin


def any_system_member(caller: Caller, node: Node) -> bool:
    return system_member(caller)


def reader(caller: Caller, node: Node) -> bool:
    """The owner's or the lessee's."""
    mine = owns(caller, node) or leases(caller, node)
    return sees_all(caller) or ("reader" in caller.roles and mine)


def owner_reader(caller: Caller, node: Node) -> bool:
    return sees_all(caller) or ("reader" in caller.roles and owns(caller, node))


def member(caller: Caller, node: Node) -> bool:
    mine = owns(caller, node) or leases(caller, node)
    return system_member(caller) or ("member" in caller.roles and mine)


def owner_member(caller: Caller, node: Node) -> bool:
    return system_member(caller) or ("member" in caller.roles and owns(caller, node))


def owner_manager(caller: Caller, node: Node) -> bool:
    return system_member(caller) or ("manager" in caller.roles and owns(caller, node))


def either_manager(caller: Caller, node: Node) -> bool:
    mine = owns(caller, node) or leases(caller, node)
    return system_member(caller) or ("manager" in caller.roles and mine)


def owner_member_or_lessee_manager(caller: Caller, node: Node) -> bool:
    return owner_member(caller, node) or ("manager" in caller.roles and leases(caller, node))


_RIGHTS: dict[Right, tuple[str, ...]] = {
    admin: (
        "delete",
        "vendor_passthru",
        "disable_cleaning",
        "update_owner_provisioned",
        "update:chassis_uuid",
        "update:shard",
        "update:disable_power_off",
    ),
    any_system_member: ("update:owner", "update:conductor_group", "update:parent_node"),
    reader: (
        "get",
        "get_states",
        "get_indicator_state",
        "vif:list",
        "traits:list",
        "bios:get",
        "firmware:get",
        "vmedia:get",
    ),
    owner_reader: (
        "get:last_error",
        "get:reservation",
        "get:driver_internal_info",
        "get:driver_info",
        "history:get",
        "inventory:get",
    ),
    member: (
        "update",
        "update_extra",
        "set_power_state",
        "set_boot_mode",
        "set_secure_boot",
        "vmedia:attach",
        "vmedia:detach",
    ),
    owner_member: (
        "update:driver_info",
        "update:properties",
        "update:instance_uuid",
        "update:lessee",
        "update:network_data",
        "update:name",
        "update:retired",
        "set_indicator_state",
        "set_raid_state",
        "get_console",
        "set_console_state",
    ),
    owner_manager: (
        "update:driver_interfaces",
        "get_boot_device",
        "set_boot_device",
        "inject_nmi",
        "traits:set",
        "traits:delete",
    ),
    owner_member_or_lessee_manager: (
        "update_instance_info",
        "validate",
        "set_maintenance",
        "clear_maintenance",
        "set_provision_state",
        "set_provision_state:clean_steps",
        "set_provision_state:service_steps",
        "vif:attach",
        "vif:detach",
    ),
}

RIGHTS: dict[str, Right] = {
    f"baremetal:node:{name}": right for right, names in _RIGHTS.items() for name in names
} | {
    "baremetal:port:get": reader,
    "baremetal:port:create": owner_manager,
    "baremetal:port:delete": owner_manager,
    "baremetal:port:update": owner_manager,
    "baremetal:portgroup:get": reader,
    "baremetal:portgroup:create": owner_manager,
    "baremetal:portgroup:delete": owner_manager,
    "baremetal:portgroup:update": owner_manager,
    "baremetal:volume:get": reader,
    "baremetal:volume:create": either_manager,
    "baremetal:volume:delete": either_manager,
    "baremetal:volume:update": owner_member_or_lessee_manager,
}
"""Rules that are asked of a node, by upstream's names; the same for what belongs to a node."""


def may(caller: Caller, node: Node, rule: str) -> bool:
    return RIGHTS[rule](caller, node)


def require(caller: Caller, node: Node, rule: str) -> None:
    """Forbidden if the rule says no."""
    if not may(caller, node, rule):
        raise Forbidden(f"Policy doesn't allow {rule} to be performed.", code="policy")

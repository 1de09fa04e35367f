"""Who may come in at which door, by upstream's rule names.

What is asked of a node depends on its owner and lessee: its rules are `actions/rights.py`, asked
where the node is at hand. Their doors are open to whoever could see nodes at all.
"""

from __future__ import annotations

from unkai.baremetal.actions.rights import RIGHTS
from unkai.kit.policy import Rule, admin, admin_reader, manager, member, reader

_DOORS: dict[str, Rule] = {
    "baremetal:node:list": reader,
    "baremetal:node:create": admin,
    "baremetal:shards:get": admin_reader,
    "baremetal:port:list": reader,
    "baremetal:portgroup:list": reader,
    "baremetal:chassis:get": admin_reader,
    "baremetal:chassis:create": admin,
    "baremetal:chassis:update": admin,
    "baremetal:chassis:delete": admin,
    "baremetal:volume:list": reader,
    "baremetal:allocation:list": reader,
    "baremetal:allocation:get": reader,
    "baremetal:allocation:create": member,
    "baremetal:allocation:update": member,
    "baremetal:allocation:delete": member,
    "baremetal:driver:get": admin_reader,
    "baremetal:driver:get_properties": admin_reader,
    "baremetal:driver:get_raid_logical_disk_properties": admin_reader,
    "baremetal:driver:vendor_passthru": admin,
    "baremetal:conductor:get": admin_reader,
    "baremetal:events:post": admin,
    "baremetal:deploy_template:get": admin_reader,
    "baremetal:deploy_template:create": admin,
    "baremetal:deploy_template:update": admin,
    "baremetal:deploy_template:delete": admin,
    **dict.fromkeys(
        (f"baremetal:inspection_rule:{verb}" for verb in ("create", "update", "delete")), admin
    ),
    "baremetal:inspection_rule:get": admin_reader,
    "baremetal:runbook:list": reader,
    "baremetal:runbook:get": reader,
    "baremetal:runbook:create": manager,
    "baremetal:runbook:update": manager,
    "baremetal:runbook:delete": manager,
}

POLICIES: dict[str, Rule] = {**dict.fromkeys(RIGHTS, reader), **_DOORS}

"""Who may do what, by upstream's rule names.

Nodes may have an owner and a lessee, which are projects: the actions check those against the node.
"""

from __future__ import annotations

from unkai.kit.policy import Rule, admin, member, reader

_NODES: dict[str, Rule] = {
    "baremetal:node:list": reader,
    "baremetal:node:list_all": reader,
    "baremetal:node:get": reader,
    "baremetal:node:create": admin,
    "baremetal:node:update": member,
    "baremetal:node:delete": member,
    "baremetal:node:get_states": reader,
    "baremetal:node:set_provision_state": member,
    "baremetal:node:set_power_state": member,
}

POLICIES: dict[str, Rule] = {**_NODES}

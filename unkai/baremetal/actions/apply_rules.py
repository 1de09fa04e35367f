"""Inspection rules at the end of an inspection: the highest priority first, all on one draft.

A rule whose conditions all hold does its actions; the next one sees what it changed. Passwords are
stars to a rule, unless it was made as a sensitive one (which is never shown again).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from unkai.baremetal.actions.rule_actions import Draft, act
from unkai.baremetal.actions.rule_conditions import holds
from unkai.baremetal.actions.rule_values import Known
from unkai.baremetal.model import InspectionRule, Inventory, Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.inspection_rules import rules_of
from unkai.baremetal.store.ports import PORTS, ports_of
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Failed

SECRETS = frozenset({"password", "auth_token", "bmc_password", "agent_token", "ipmi_password"})
_UNTOLD = ("agent_token", "driver_internal_info", "generation")


async def apply_rules(
    baremetal: Baremetal, tx: Tx, uuid: str, found: Inventory, changed: dict[str, Any]
) -> tuple[dict[str, Any], Inventory]:
    """The node's columns that follow, and what is to be kept of what was found.

    changed: columns that the inspection itself is about to write; rules see and may change them.
    Failed, naming the rule, where one fails or says so.
    """
    rules = await rules_of(tx, "main")
    if not rules:
        return changed, found
    node = await nodes.get_node(tx, uuid)
    assert node is not None
    draft = Draft(
        {**_plain(node), **copy.deepcopy(changed)},
        {port.uuid: msgspec.to_builtins(port) for port in await ports_of(tx, uuid)},
        found.inventory,
        copy.deepcopy(found.plugin_data),
    )
    run_rules(rules, draft)
    now = baremetal.kit.clock.now()
    for port, names in draft.ports_changed.items():
        values = {name: draft.ports[port][name] for name in names}
        await PORTS.change(tx, port, updated_at=now, **values)
    values = {**changed, **{name: draft.node[name] for name in draft.node_changed}}
    _check_types(node, values)
    return values, Inventory(found.inventory, draft.plugin_data)


def run_rules(rules: Sequence[InspectionRule], draft: Draft) -> None:
    """Each rule in turn, on the draft."""
    for rule in rules:
        try:
            if not all(holds(condition, _known(rule, draft)) for condition in rule.conditions):
                continue
            for action in rule.actions:
                act(action, draft, _known(rule, draft))
        except (Failed, BadRequest) as fault:
            name = rule.description or rule.uuid
            raise Failed(
                f"Inspection rule {name}: {fault.message}", code="inspection-rule-failed"
            ) from fault


def _plain(node: Node) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(node)
    return {name: value for name, value in made.items() if name not in _UNTOLD}


def _known(rule: InspectionRule, draft: Draft) -> Known:
    known = {
        "node": {**draft.node, "ports": list(draft.ports.values())},
        "inventory": draft.inventory,
        "plugin_data": draft.plugin_data,
    }
    return known if rule.sensitive else _masked(known)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {k: "***" if k in SECRETS else _masked(one) for k, one in members.items()}
    if isinstance(value, list):
        return [_masked(one) for one in cast("list[Any]", value)]
    return value


def _check_types(node: Node, values: dict[str, Any]) -> None:
    """Failed where a rule gave a field what it cannot hold."""
    try:
        msgspec.convert({**msgspec.structs.asdict(node), **values}, Node)
    except msgspec.ValidationError as error:
        raise Failed(
            f"An inspection rule set a field of the node to what it cannot hold: {error}.",
            code="inspection-rule-failed",
        ) from error

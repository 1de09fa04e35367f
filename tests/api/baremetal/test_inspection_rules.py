"""Inspection rules: what follows from what an inspection finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig
from unkai.baremetal.actions.rule_actions import Draft, act
from unkai.baremetal.actions.rule_conditions import holds
from unkai.baremetal.actions.rule_values import filled
from unkai.kit.errors import Failed

LOG: dict[str, Any] = {"op": "log", "args": {"msg": "{node.uuid} is being inspected"}}
KNOWN: dict[str, Any] = {
    "node": {"uuid": "n-1", "extra": {}},
    "inventory": {"cpu": {"count": 8}, "disks": [{"size": 10}, {"size": 20}]},
    "plugin_data": {},
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{inventory.cpu.count}", 8),
        ("{inventory[cpu][count]} CPUs on {node.uuid}", "8 CPUs on n-1"),
        ("{inventory[disks][1][size]}", 20),
        ("{{ inventory }}", "{ inventory }"),
        ("{inventory.gpu}", "{inventory.gpu}"),
        ("{node.__class__}", "{node.__class__}"),
        (["{node.uuid}", {"a": "{inventory.cpu.count}"}], ["n-1", {"a": 8}]),
    ],
)
def test_words_in_braces_stand_for_what_is_known(given: Any, expected: Any) -> None:
    assert filled(given, KNOWN) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"op": "eq", "args": {"values": ["{inventory.cpu.count}", 8]}}, True),
        ({"op": "eq", "args": ["{inventory.cpu.count}", 8]}, True),
        ({"op": "!eq", "args": {"values": ["{inventory.cpu.count}", 8]}}, False),
        ({"op": "lt", "args": {"values": [1, "{inventory.cpu.count}", 9]}}, True),
        ({"op": "gt", "args": {"values": [1, 2]}}, False),
        ({"op": "is-empty", "args": {"value": "{node.extra}"}}, True),
        ({"op": "is-empty", "args": {"value": "{inventory.gpu}"}}, True),
        ({"op": "is-none", "args": {"value": "{inventory.gpu}"}}, True),
        ({"op": "is-true", "args": {"value": "yes"}}, True),
        ({"op": "is-false", "args": {"value": "no"}}, True),
        ({"op": "one-of", "args": {"value": "a", "values": ["a", "b"]}}, True),
        ({"op": "in-net", "args": {"address": "10.0.0.7", "subnet": "10.0.0.0/24"}}, True),
        ({"op": "matches", "args": {"value": "n-1x", "regex": "n-[0-9]"}}, False),
        ({"op": "contains", "args": {"value": "n-1x", "regex": "n-[0-9]"}}, True),
        ({"op": "eq", "args": ["{node.uuid}", "{item}"], "loop": ["x", "n-1"]}, True),
        (
            {
                "op": "eq",
                "args": ["{node.uuid}", "{item}"],
                "loop": ["x", "n-1"],
                "multiple": "all",
            },
            False,
        ),
        ({"op": "eq", "args": [8, "{item}"], "loop": ["8"], "multiple": "first"}, True),
    ],
)
def test_conditions(condition: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    assert holds(condition, KNOWN) is expected


def drafted(*actions: dict[str, Any]) -> Draft:
    node: dict[str, Any] = {"extra": {"list": [1]}, "properties": {}, "traits": []}
    draft = Draft(node, {"p-1": {"extra": {}, "pxe_enabled": True}}, {}, {})
    for action in actions:
        act(action, draft, KNOWN)
    return draft


def test_actions_change_the_draft() -> None:
    draft = drafted(
        {"op": "set-attribute", "args": ["/extra/cpus/count", "{inventory.cpu.count}"]},
        {"op": "extend-attribute", "args": {"path": "extra.list", "value": 1, "unique": True}},
        {"op": "extend-attribute", "args": {"path": "extra.list", "value": 2}},
        {"op": "set-capability", "args": {"name": "boot_mode", "value": "uefi"}},
        {"op": "add-trait", "args": {"name": "CUSTOM_A"}},
        {"op": "set-plugin-data", "args": {"path": "a.b", "value": 1}},
        {"op": "extend-plugin-data", "args": {"path": "c", "value": 1}},
        {"op": "set-port-attribute", "args": ["p-1", "pxe_enabled", False]},
        {
            "op": "set-attribute",
            "args": ["{item[path]}", "{item[value]}"],
            "loop": [{"path": "/driver_info/a", "value": "{node.uuid}"}],
        },
    )
    assert draft.node["extra"] == {"list": [1, 2], "cpus": {"count": 8}}
    assert draft.node["properties"] == {"capabilities": "boot_mode:uefi"}
    assert draft.node["driver_info"] == {"a": "n-1"}
    assert draft.node_changed == {"extra", "properties", "traits", "driver_info"}
    assert draft.plugin_data == {"a": {"b": 1}, "c": [1]}
    assert (draft.ports["p-1"]["pxe_enabled"], draft.ports_changed) == (
        False,
        {"p-1": {"pxe_enabled"}},
    )


@pytest.mark.parametrize(
    "action",
    [
        {"op": "fail", "args": {"msg": "no"}},
        {"op": "set-attribute", "args": ["provision_state", "active"]},
        {"op": "set-attribute", "args": ["/extra/list/x/y", 1]},
        {"op": "set-port-attribute", "args": ["p-2", "pxe_enabled", False]},
    ],
)
def test_actions_that_fail(action: dict[str, Any]) -> None:
    with pytest.raises(Failed):
        drafted(action)


@pytest.mark.anyio
async def test_a_rule_is_made_changed_and_forgotten(rig: Rig) -> None:
    made = await rig.ask("POST", "/inspection_rules", {"actions": [LOG]}, status=201)
    path = f"/inspection_rules/{made['uuid']}"
    assert (made["phase"], made["priority"], made["conditions"]) == ("main", 0, [])
    change = [{"op": "replace", "path": "/priority", "value": 200}]
    assert (await rig.ask("PATCH", path, change))["priority"] == 200
    secret = [{"op": "replace", "path": "/sensitive", "value": True}]
    assert (await rig.ask("PATCH", path, secret))["actions"] is None
    open_again = [{"op": "replace", "path": "/sensitive", "value": False}]
    await rig.ask("PATCH", path, open_again, status=400)
    wrong: list[dict[str, Any]] = [
        {},
        {"actions": []},
        {"actions": [{"op": "explode", "args": {}}]},
        {"actions": [{"op": "api-call", "args": {"url": "http://10.0.0.1"}}]},
        {"actions": [{"op": "log", "args": {}}]},
        {"actions": [{"op": "log", "args": {"msg": "a", "odd": 1}}]},
        {"actions": [LOG], "conditions": [{"op": "!!eq", "args": []}]},
        *({"actions": [LOG], "priority": odd} for odd in (-1, 10000, 5000.5)),
        {"actions": [LOG], "phase": "later"},
    ]
    for bad in wrong:
        await rig.ask("POST", "/inspection_rules", bad, status=400)
    await rig.ask("GET", "/inspection_rules", who="manager", status=403)
    await rig.ask("GET", "/inspection_rules", version="1.95", status=404)
    await rig.ask("POST", "/inspection_rules", {}, version="1.95", status=405)
    await rig.ask("DELETE", path, status=204)
    await rig.ask("DELETE", path, status=404)


async def inspected(rig: Rig, state: str, *rules: dict[str, Any]) -> dict[str, Any]:
    for rule in rules:
        await rig.ask("POST", "/inspection_rules", rule, status=201)
    node = await rig.enroll(inspect_interface="fake")
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    await rig.provision(node, "inspect")
    return await rig.reach(node, state)


@pytest.mark.anyio
async def test_rules_run_at_the_end_of_an_inspection(rig: Rig) -> None:
    arch = {"op": "eq", "args": {"values": ["{inventory.cpu.architecture}", "x86_64"]}}
    name = {"op": "set-attribute", "args": ["resource_class", "gold"]}
    later = {"op": "eq", "args": {"values": ["{node.resource_class}", "gold"]}}
    seen = {"op": "set-attribute", "args": ["/extra/seen", "{inventory.cpu.count}"]}

    shown = await inspected(
        rig,
        "manageable",
        {"conditions": [later], "actions": [seen], "priority": 1},
        {
            "conditions": [arch],
            "actions": [name, {"op": "add-trait", "args": ["CUSTOM_A"]}],
            "priority": 9,
        },
        {"conditions": [{**arch, "op": "!eq"}], "actions": [{"op": "fail", "args": ["no"]}]},
    )

    assert (shown["resource_class"], shown["extra"]) == ("gold", {"seen": 1})
    assert shown["traits"] == ["CUSTOM_A"]


@pytest.mark.anyio
async def test_a_rule_that_fails_ends_the_inspection_and_leaves_nothing(rig: Rig) -> None:
    rule = {
        "description": "old machines",
        "actions": [
            {"op": "set-attribute", "args": ["resource_class", "gold"]},
            {"op": "fail", "args": {"msg": "too old"}},
        ],
    }
    shown = await inspected(rig, "inspect failed", rule)

    assert "old machines" in shown["last_error"]
    assert "too old" in shown["last_error"]
    assert shown["resource_class"] is None

"""Who may do what to a node: its owner, its lessee, strangers, and the system's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig
from unkai.baremetal.actions.rights import RIGHTS, may
from unkai.baremetal.api import NOUNS
from unkai.baremetal.model import Node
from unkai.kit.policy import Caller

NODE = Node(uuid="n", driver="ipmi", owner="p-own", lessee="p-let", created_at=0.0)
PROJECTS = {"own": "p-own", "let": "p-let", "far": "p-far"}


def caller(role: str, project: str) -> Caller:
    implied = {"manager": {"manager", "member", "reader"}, "member": {"member", "reader"}}
    roles = frozenset(implied.get(role, {role}))
    system = project == "system"
    return Caller("u", "u", "default", roles, project_id=PROJECTS.get(project), system=system)


def allowed(rule: str) -> set[str]:
    found = {
        f"{role} {project}"
        for role in ("manager", "member", "reader")
        for project in (*PROJECTS, "system")
        if may(caller(role, project), NODE, f"baremetal:node:{rule}")
    }
    assert not any(name.endswith("far") for name in found)
    return found


READERS = {f"{role} system" for role in ("manager", "member", "reader")}
MEMBERS = {"manager system", "member system"}
OWNERS = {"manager own", "member own"}
LESSEES = {"manager let", "member let"}


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ("get", READERS | OWNERS | LESSEES | {"reader own", "reader let"}),
        ("get:driver_info", READERS | OWNERS | {"reader own"}),
        ("history:get", READERS | OWNERS | {"reader own"}),
        ("update", MEMBERS | OWNERS | LESSEES),
        ("set_power_state", MEMBERS | OWNERS | LESSEES),
        ("update:driver_info", MEMBERS | OWNERS),
        ("get_console", MEMBERS | OWNERS),
        ("set_provision_state", MEMBERS | OWNERS | {"manager let"}),
        ("vif:attach", MEMBERS | OWNERS | {"manager let"}),
        ("update:driver_interfaces", MEMBERS | {"manager own"}),
        ("traits:set", MEMBERS | {"manager own"}),
        ("set_boot_device", MEMBERS | {"manager own"}),
        ("update:owner", MEMBERS),
        ("delete", set[str]()),
        ("update:shard", set[str]()),
        ("disable_cleaning", set[str]()),
    ],
)
def test_a_rule(rule: str, who: set[str]) -> None:
    assert allowed(rule) == who


def test_an_admin_may_everything() -> None:
    admin = Caller("u", "u", "default", frozenset({"admin"}), project_id="p-far")
    assert all(may(admin, NODE, rule) for rule in RIGHTS)


def test_every_rule_of_a_node_stands_at_a_door() -> None:
    """A rule that no door names is one that only fields or steps have."""
    doors = {route.policy for routes in NOUNS for route in routes}
    inside = {name for name in RIGHTS if ":update" in name or ":get:" in name or "_steps" in name}
    assert set(RIGHTS) - doors - inside <= {
        "baremetal:node:disable_cleaning",
        "baremetal:volume:get",
        "baremetal:volume:create",
        "baremetal:volume:delete",
    }


@pytest.mark.anyio
async def test_a_stranger_sees_nothing(rig: Rig) -> None:
    uuid = await rig.enroll(owner="p-member")

    assert (await rig.ask("GET", "/nodes", who="other"))["nodes"] == []
    for path in ("", "/states", "/traits", "/vifs", "/bios", "/history", "/validate", "/children"):
        await rig.ask("GET", f"/nodes/{uuid}{path}", who="other", status=404)
    patch = [{"op": "replace", "path": "/name", "value": "x"}]
    await rig.ask("PATCH", f"/nodes/{uuid}", patch, who="other", status=404)
    await rig.ask("DELETE", f"/nodes/{uuid}", who="other", status=404)


@pytest.mark.anyio
async def test_a_lessee_does_not_see_the_machine_behind(rig: Rig) -> None:
    uuid = await rig.enroll(lessee="p-other", driver_info={"ipmi_address": "10.0.0.1"})

    shown = await rig.ask("GET", f"/nodes/{uuid}", who="other")
    (listed,) = (await rig.ask("GET", "/nodes/detail", who="other"))["nodes"]

    for seen in (shown, listed):
        assert list(seen["driver_info"]) == ["content"]
        assert "edacted" in seen["last_error"]
        assert "edacted" in seen["reservation"]
    patch: list[dict[str, Any]] = [{"op": "add", "path": "/extra/mine", "value": 1}]
    await rig.ask("PATCH", f"/nodes/{uuid}", patch, who="other")
    patch[0]["path"] = "/driver_info/ipmi_address"
    await rig.ask("PATCH", f"/nodes/{uuid}", patch, who="other", status=403)


@pytest.mark.anyio
async def test_each_field_of_a_patch_has_its_rule(rig: Rig) -> None:
    uuid = await rig.enroll(owner="p-member")
    for field, value, member, manager in (
        ("extra", {}, 200, 200),
        ("name", "mine", 200, 200),
        ("automated_clean", True, 200, 200),
        ("automated_clean", False, 403, 403),
        ("raid_interface", "no-raid", 403, 200),
        ("owner", "p-other", 403, 403),
        ("shard", "s", 403, 403),
        ("conductor_group", "g", 403, 403),
        ("disable_power_off", True, 403, 403),
    ):
        patch = [{"op": "replace", "path": f"/{field}", "value": value}]
        for who, status in (("member", member), ("manager", manager), ("reader", 403)):
            await rig.ask("PATCH", f"/nodes/{uuid}", patch, who=who, status=status)

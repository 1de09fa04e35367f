"""Deploy templates and runbooks: steps with a name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import PROJECTS, ROLES, Rig
from unkai.baremetal.actions.change_runbook import create_runbook, update_runbook
from unkai.kit.policy import Caller

pytestmark = pytest.mark.anyio
KINDS = ("deploy_templates", "runbooks")
FIRST = {"deploy_templates": "1.55", "runbooks": "1.92"}
TRAIT = "CUSTOM_BIOS"


def step(
    kind: str, name: str = "apply_configuration", rank: int = 1, **args: Any
) -> dict[str, Any]:
    key = "priority" if kind == "deploy_templates" else "order"
    return {"interface": "bios", "step": name, "args": args, key: rank}


def patch(op: str, path: str, value: Any = None) -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_made_shown_changed_and_forgotten(rig: Rig, kind: str) -> None:
    body = {"name": TRAIT, "steps": [step(kind, password="s3cret")]}
    made = await rig.ask("POST", f"/{kind}", body, version=FIRST[kind], status=201)
    path = f"/{kind}/{made['uuid']}"
    assert made["steps"] == [step(kind, password="******")]
    assert await rig.ask("GET", f"/{kind}/{TRAIT}", version=FIRST[kind]) == made

    more = [step(kind, "factory_reset", 2)]
    change = [patch("add", "/steps/1", more[0]), patch("remove", "/steps/0")]
    changed = await rig.ask("PATCH", path, [*change, patch("replace", "/name", "CUSTOM_OTHER")])

    assert (changed["name"], changed["steps"]) == ("CUSTOM_OTHER", more)
    (brief,) = (await rig.ask("GET", f"/{kind}"))[kind]
    assert set(brief) == {"uuid", "name", "links"}
    (full,) = (await rig.ask("GET", f"/{kind}?detail=true"))[kind]
    assert full["steps"] == more
    await rig.ask("DELETE", path, status=204)
    await rig.ask("GET", path, status=404)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_no_template_is_refused(rig: Rig, kind: str) -> None:
    good = {"name": TRAIT, "steps": [step(kind)]}
    version = FIRST[kind]
    wrong: list[dict[str, Any]] = [
        {"steps": [step(kind)]},
        {"name": TRAIT},
        {"name": TRAIT, "steps": []},
        {"name": TRAIT, "steps": {"key": "value"}},
        {"name": TRAIT, "steps": [{"invalid_key": "value"}]},
        {"name": TRAIT, "steps": [step(kind), step(kind, rank=2)]},
        {"name": TRAIT, "steps": [{**step(kind), "interface": "coffee"}]},
        {"name": TRAIT, "steps": [step(kind, rank=-1)]},
        {"name": "invalid-name", "steps": [step(kind)]},
        {**good, "uuid": "malformed:uuid"},
    ]
    for bad in wrong:
        await rig.ask("POST", f"/{kind}", bad, version=version, status=400)
    made = await rig.ask("POST", f"/{kind}", good, status=201)
    await rig.ask("POST", f"/{kind}", good, status=409)
    path = f"/{kind}/{made['uuid']}"
    for change in (
        patch("remove", "/name"),
        patch("replace", "/name", ""),
        patch("remove", "/steps"),
        patch("remove", "/steps/0"),
        patch("replace", "/uuid", "x"),
    ):
        await rig.ask("PATCH", path, [change], version=version, status=400)
    minor = int(version.partition(".")[2]) - 1
    await rig.ask("GET", f"/{kind}", version=f"1.{minor}", status=404)
    early: list[tuple[str, str, Any]] = [
        ("POST", f"/{kind}", good),
        ("PATCH", path, []),
        ("DELETE", path, None),
    ]
    for method, where, body in early:
        await rig.ask(method, where, body, version=f"1.{minor}", status=405)


async def test_templates_are_the_clouds_business(rig: Rig) -> None:
    body = {"name": TRAIT, "steps": [step("deploy_templates")]}
    await rig.ask("POST", "/deploy_templates", body, who="manager", status=403)
    await rig.ask("GET", "/deploy_templates", who="manager", status=403)


async def test_runbooks_are_their_projects_or_everybodys(rig: Rig) -> None:
    body = {"name": TRAIT, "steps": [step("runbooks")]}
    await rig.ask("POST", "/runbooks", body, who="member", status=403)
    await rig.ask("POST", "/runbooks", {**body, "public": True}, who="manager", status=400)
    await rig.ask("POST", "/runbooks", {**body, "owner": "p-other"}, who="manager", status=400)
    mine = await rig.ask("POST", "/runbooks", body, who="manager", status=201)
    assert mine["owner"] == "p-member"
    system = Caller("u-root", "root", "default", ROLES["admin"], system=True)
    values: dict[str, Any] = {"name": "CUSTOM_ALL", "steps": [], "public": True}
    everybodys = await create_runbook(rig.baremetal, system, values)
    path = f"/runbooks/{mine['uuid']}"

    async def seen(who: str) -> set[str]:
        listed = await rig.ask("GET", "/runbooks", who=who)
        return {one["uuid"] for one in listed["runbooks"]}

    assert await seen("member") == await seen("admin") == {mine["uuid"], everybodys.uuid}
    assert await seen("other") == {everybodys.uuid}
    await rig.ask("GET", path, who="other", status=404)
    await rig.ask("GET", f"/runbooks/{everybodys.uuid}", who="other")
    await rig.ask("DELETE", path, who="member", status=403)
    public = [patch("replace", "/public", True)]
    for who in ("manager", "admin"):
        await rig.ask("PATCH", path, public, who=who, status=403)

    after = await update_runbook(
        rig.baremetal, system, mine["uuid"], ["public"], lambda _: {"public": True}
    )

    assert (after.public, after.owner) == (True, None)
    assert PROJECTS["other"] == "p-other"
    assert await seen("other") == {mine["uuid"], everybodys.uuid}


async def test_a_runbook_names_the_traits_it_needs(rig: Rig) -> None:
    body = {"name": "bios settings.v2~1".replace(" ", "-"), "steps": [step("runbooks")]}
    await rig.ask("POST", "/runbooks", body, version="1.111", status=400)
    made = await rig.ask("POST", "/runbooks", body, status=201)
    path = f"/runbooks/{made['uuid']}/traits"
    assert made["traits"] == []

    await rig.ask("PUT", path, {"traits": ["CUSTOM_B", "CUSTOM_A"]}, status=204)
    await rig.ask("PUT", f"{path}/HW_CPU_X86_AVX", status=204)
    assert (await rig.ask("GET", path))["traits"] == ["CUSTOM_A", "CUSTOM_B", "HW_CPU_X86_AVX"]
    await rig.ask("DELETE", f"{path}/CUSTOM_A", status=204)
    assert len((await rig.ask("GET", f"/runbooks/{made['uuid']}"))["traits"]) == 2
    await rig.ask("DELETE", path, status=204)
    assert (await rig.ask("GET", path))["traits"] == []
    await rig.ask("PUT", path, {"traits": ["odd"]}, status=400)
    await rig.ask("GET", path, version="1.111", status=404)

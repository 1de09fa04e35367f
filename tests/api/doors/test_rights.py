"""Who may ask for what, at every door: derived from the route tables and their policies.

A reader of the owner's project and a member of another one knock with the ids and the bodies that
the owner would use. What their rules refuse is a 403; what they may ask for in general they get for
themselves only: nothing that project demo owns is changed by them, and nothing of it is shown to
the stranger.
"""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest

from tests.api.doors.asking import Answer, ask, complaint
from tests.api.doors.house import MARK, House
from tests.api.doors.samples import least, name_of
from tests.api.doors.spoiling import encoded
from unkai.kit.http import Api, Route
from unkai.kit.policy import Caller

pytestmark = pytest.mark.anyio

CALLERS = {
    "reader": Caller("r", "r", "default", frozenset({"reader"}), project_id="p"),
    "other": Caller("o", "o", "default", frozenset({"member", "reader"}), project_id="q"),
}
OWNED = {
    "compute": {"server_id", "keypair_name", "group_id", "port_id", "snapshot_id", "volume_id"},
    "network": {
        "network_id",
        "subnet_id",
        "port_id",
        "router_id",
        "floatingip_id",
        "security_group_id",
        "security_group_rule_id",
        "subnetpool_id",
        "address_scope_id",
        "resource_id",
    },
    "image": {"image_id"},
    "block-storage": {
        "attachment_id",
        "backup_id",
        "group_id",
        "group_snapshot_id",
        "message_id",
        "snapshot_id",
        "transfer_id",
        "volume_id",
    },
    "baremetal": {
        "allocation_ident",
        "connector_uuid",
        "node_ident",
        "port_ident",
        "portgroup_ident",
        "target_uuid",
    },
    "unkai": {"server_id", "node_ident", "volume_id"},
}
"""Variables of paths that stand for something of project demo's."""
LISTS = (
    "/network/v2.0/networks",
    "/network/v2.0/subnets",
    "/network/v2.0/ports",
    "/network/v2.0/routers",
    "/network/v2.0/floatingips",
    "/network/v2.0/security-groups",
    "/network/v2.0/security-group-rules",
    "/network/v2.0/subnetpools",
    "/network/v2.0/address-scopes",
    "/image/v2/images",
    "/volume/v3/volumes/detail",
    "/volume/v3/snapshots/detail",
    "/volume/v3/types",
    "/volume/v3/backups/detail",
    "/volume/v3/os-volume-transfer/detail",
    "/compute/v2.1/servers/detail",
    "/compute/v2.1/os-keypairs",
    "/compute/v2.1/os-server-groups",
    "/baremetal/v1/nodes",
    "/baremetal/v1/ports",
)
CLOSED = (403, 404, 405)
"""What a door says that stays shut; 405 where nobody can do such a thing."""
NOT_FOR_OWNERS = {"baremetal:node:vendor_passthru", "baremetal:node:get_boot_device"}
"""Rules that want more than a member of the owner's project."""
READING = {"os-show_image_metadata"}
"""Actions that change nothing."""
VOLATILE = ("updated_at", "updated", "revision_number", "OS-EXT-STS:task_state")


async def knock(house: House, who: str, api: Api, route: Route) -> Answer:
    """As the owner would ask, with another's token."""
    headers = {"X-Auth-Token": house.tokens[who], **house.version(api, route)}
    body = house.fill(api, least(api, route))
    if route.raw and route.method == "PATCH":
        headers["Content-Type"] = "application/openstack-images-v2.1-json-patch"
    if route.raw and route.method == "PUT":
        headers["Content-Type"] = "application/octet-stream"
    return await ask(
        house.app,
        route.method,
        house.path(api, route),
        headers=headers,
        content=b"" if body is None else encoded(body),
    )


def variables(route: Route) -> set[str]:
    return {part[1:-1] for part in route.path.split("/") if part.startswith("{")}


def of_somebody(api: Api, route: Route) -> bool:
    """What is offered to whoever has its key is nobody's alone."""
    return not route.path.endswith("/accept") and bool(
        variables(route) & OWNED.get(api.name, set())
    )


def rules_of(house: House, api: Api, route: Route) -> list[str]:
    """The rules of every route at this door; an action's is chosen by the body."""
    return [
        other.policy
        for kin, other in house.routes()
        if (kin, other.method, other.path, other.action)
        == (api, route.method, route.path, route.action)
        and other.policy is not None
    ]


async def owned_by_demo(house: House) -> dict[str, Any]:
    """Everything of project demo's, as it is seen by its member."""
    seen: dict[str, Any] = {}
    for path in LISTS:
        answer = await house.ask("demo", "GET", path)
        assert answer.status == 200, answer.content
        seen[path] = sorted(str(settled(one)) for one in next(iter(answer.json().values())))
    return seen


def settled(value: Any) -> Any:
    """Without what changes by itself."""
    if isinstance(value, dict):
        kept = cast("dict[str, Any]", value)
        return {name: settled(one) for name, one in kept.items() if name not in VOLATILE}
    return value


@pytest.mark.parametrize("who", CALLERS)
async def test_what_the_rules_refuse(house: House, who: str) -> None:
    """403, before the body or the id is looked at."""
    wrong: list[str] = []
    refused = 0
    for api, route in house.routes():
        if route.policy is None or any(
            api.policy.allows(CALLERS[who], rule) for rule in rules_of(house, api, route)
        ):
            continue
        refused += 1
        answer = await knock(house, who, api, route)
        problem = complaint(api, route.method, answer)
        if answer.status != 403 or problem:
            wrong.append(f"{name_of(route)}: {answer.status} {problem}")
    assert wrong == []
    assert refused > 50


async def test_a_stranger_gets_nothing_of_it(house: House) -> None:
    """Whatever has an id of the owner's in its path is not there for a stranger, or forbidden."""
    before = await owned_by_demo(house)
    wrong: list[str] = []
    for api, route in house.routes():
        if route.policy is None:
            continue
        answer = await knock(house, "other", api, route)
        problem = complaint(api, route.method, answer)
        if MARK.encode() in answer.content and MARK not in house.path(api, route):
            problem = f"shows what is another's: {answer.content[:200]!r}"
        if of_somebody(api, route) and answer.status not in CLOSED:
            problem = f"{answer.status} {answer.content[:200]!r}"
        if problem:
            wrong.append(f"{name_of(route)}: {problem}")
    assert wrong == []
    assert await owned_by_demo(house) == before


async def test_a_reader_changes_nothing(house: House) -> None:
    before = await owned_by_demo(house)
    wrong: list[str] = []
    for api, route in house.routes():
        if route.policy is None or route.method == "GET" or route.action in READING:
            continue
        answer = await knock(house, "reader", api, route)
        problem = complaint(api, route.method, answer)
        if of_somebody(api, route) and answer.status not in CLOSED:
            problem = f"{answer.status} {answer.content[:200]!r}"
        if problem:
            wrong.append(f"{name_of(route)}: {problem}")
    assert wrong == []
    assert await owned_by_demo(house) == before


async def test_the_owner_is_let_in(house: House) -> None:
    """The same requests are the owner's to make: what refuses a stranger is not a wrong id."""
    wrong: list[str] = []
    for api, route in house.routes():
        if not of_somebody(api, route) or route.method != "GET":
            continue
        assert route.policy is not None
        if route.policy in NOT_FOR_OWNERS or route.last < (1, 37):
            continue
        if not api.policy.allows(CALLERS["other"], route.policy):
            continue
        answer = await knock(house, "demo", api, route)
        if answer.status == 404 and b"does not say colour" in answer.content:
            continue  # let in, and told that there is no such word
        if answer.status not in (200, 204):
            wrong.append(f"{name_of(route)}: {answer.status} {answer.content[:200]!r}")
    assert wrong == []


def test_every_owned_thing_is_looked_after(house: House) -> None:
    """A variable that no test here knows is a new kind of thing: say whose it is."""
    nobodys = {
        "compute": {
            "aggregate_id",
            "alias",
            "before",
            "class_name",
            "console_token",
            "flavor_id",
            "host_name",
            "hypervisor_id",
            "key",
            "migration_id",
            "network_label",
            "project_id",
            "request_id",
            "service_id",
            "tag",
        },
        "network": {"agent_id", "alias", "policy_id", "project_id", "tag"},
        "image": {"member_id", "name", "tag", "task_id"},
        "block-storage": {
            "class_name",
            "encryption_id",
            "group_type_id",
            "host_name",
            "key",
            "qos_id",
            "target_project_id",
            "volume_type_id",
        },
        "baremetal": {
            "chassis_uuid",
            "driver_name",
            "event_uuid",
            "hostname",
            "indicator",
            "method",
            "rule_uuid",
            "runbook_ident",
            "setting_name",
            "state",
            "template_ident",
            "trait",
            "vif_ident",
        },
        "unkai": {"log_name", "host_name"},
    }
    found = {
        (api.name, name)
        for (api, route) in house.routes()
        if api.name in OWNED
        for name in variables(route)
    }
    known = {
        (name, variable)
        for name in OWNED
        for variable in itertools.chain(OWNED[name], nobodys[name])
    }
    assert found - known == set()

"""/os-server-groups: servers that are to be together, or apart."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.compute.actions import server_groups as actions
from unkai.compute.api.paging import check_known, number, page_limit
from unkai.compute.api.shapes import Name
from unkai.compute.model import ServerGroup
from unkai.compute.service import Compute
from unkai.compute.store import server_groups
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route, since

Policy = Literal["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"]
Policies = Annotated[list[Policy], Meta(min_length=1, max_length=1)]


class Rules(Struct, forbid_unknown_fields=True):
    max_server_per_host: Annotated[int, Meta(ge=1, le=2**31 - 1)] | UnsetType = UNSET


class NewGroup(Struct, forbid_unknown_fields=True):
    name: Name
    policies: Annotated[Policies | UnsetType, since("2.1", until="2.63")] = UNSET
    policy: Annotated[Policy | UnsetType, since("2.64")] = UNSET
    rules: Annotated[Rules | UnsetType, since("2.64")] = UNSET


class CreateGroup(Struct, forbid_unknown_fields=True):
    server_group: NewGroup


def _view(call: Call, group: ServerGroup, members: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": group.id, "name": group.name, "members": members}
    if call.at_least("2.64"):
        shown |= {"policy": group.policy, "rules": group.rules}
    else:
        shown |= {"policies": [group.policy], "metadata": {}}
    if call.at_least("2.13"):
        shown |= {"project_id": group.project_id, "user_id": group.user_id}
    return shown


async def list_server_groups(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    check_known(call, ("all_projects", "limit", "offset"))
    every = "all_projects" in call.request.query_params and call.caller.reads_all
    found = await server_groups.list_server_groups(
        session,
        None if every else call.caller.project_id or "",
        limit=page_limit(call),
        offset=number(call, "offset") or 0,
    )
    members = await server_groups.members_of(session, [group.id for group in found])
    return {"server_groups": [_view(call, one, members.get(one.id, [])) for one in found]}


async def show_server_group(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    group = await actions.find_server_group(session, call.caller, call.params["group_id"])
    members = await server_groups.members_of(session, [group.id])
    return {"server_group": _view(call, group, members.get(group.id, []))}


def _asked(call: Call, body: NewGroup) -> tuple[str, dict[str, Any]]:
    """Policy and rules, from whichever shape the version has."""
    if isinstance(body.policies, UnsetType) and isinstance(body.policy, UnsetType):
        word = "policy" if call.at_least("2.64") else "policies"
        raise BadRequest(f"Invalid input for field/attribute server_group: '{word}' is required.")
    policy = body.policies[0] if not isinstance(body.policies, UnsetType) else body.policy
    assert isinstance(policy, str)
    if policy.startswith("soft-") and not call.at_least("2.15"):
        raise BadRequest(f"Invalid input for field/attribute policies: '{policy}' is not known.")
    rules: dict[str, Any] = {}
    if isinstance(body.rules, Rules) and isinstance(body.rules.max_server_per_host, int):
        if policy != "anti-affinity":
            raise BadRequest(f"Only anti-affinity policy supports rules; this is {policy}.")
        rules["max_server_per_host"] = body.rules.max_server_per_host
    return policy, rules


async def create_server_group(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    name = call.body.server_group.name
    policy, rules = _asked(call, call.body.server_group)

    async def write(tx: Tx) -> ServerGroup:
        return await actions.create_server_group(
            compute, tx, call.caller, name=name, policy=policy, rules=rules
        )

    return {"server_group": _view(call, await compute.kit.database.transact(write), [])}


async def delete_server_group(call: Call) -> None:
    compute: Compute = call.service
    group_id = call.params["group_id"]
    await compute.kit.database.transact(
        lambda tx: actions.delete_server_group(compute, tx, call.caller, group_id)
    )


_ALL = "/os-server-groups"
_ONE = _ALL + "/{group_id}"
_P = "os_compute_api:os-server-groups"
ROUTES = (
    Route("GET", _ALL, list_server_groups, policy=f"{_P}:index"),
    Route("POST", _ALL, create_server_group, policy=f"{_P}:create", body=CreateGroup, lax=True),
    Route("GET", _ONE, show_server_group, policy=f"{_P}:show"),
    Route("DELETE", _ONE, delete_server_group, policy=f"{_P}:delete", status=204),
)

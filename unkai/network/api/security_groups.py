"""/security-groups and /security-group-rules"""

from __future__ import annotations

from typing import Any

from unkai.kit.db import Tx
from unkai.kit.http import Call, Route
from unkai.network.actions.default_group import default_group_id
from unkai.network.actions.find import security_group_of
from unkai.network.actions.security_group_rules import (
    SecurityGroupRuleRequest,
    create_security_group_rule,
    delete_security_group_rule,
    rule_of,
)
from unkai.network.actions.security_groups import (
    SecurityGroupChange,
    SecurityGroupRequest,
    create_security_group,
    delete_security_group,
    update_security_group,
)
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.api.views import rule_view, security_group_view
from unkai.network.service import NetworkService
from unkai.network.store import security_groups as store


async def _have_default(call: Call) -> None:
    """A project's first look at its groups makes its default group."""
    service: NetworkService = call.service
    project_id = call.caller.project_id
    if project_id is None:
        return
    if await store.default_group_id(service.kit.database.reader, project_id) is not None:
        return

    async def write(tx: Tx) -> None:
        await default_group_id(service, tx, project_id)

    await service.kit.database.transact(write)


async def list_groups(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    await _have_default(call)
    listing = read_listing(call, store.GROUPS)
    found = await store.list_groups(service.kit.database.reader, listing, call.caller)
    return answer(call, "security_groups", [security_group_view(one) for one in found], listing)


async def show_group(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await security_group_of(
        service.kit.database.reader, call.caller, call.params["security_group_id"]
    )
    return {"security_group": only_fields(call, [security_group_view(found)])[0]}


async def create_group(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(
        call, SecurityGroupRequest, "security_group", "security_groups", create_security_group
    )
    views = [security_group_view(one) for one in made]
    return bodies.made(views, "security_group", "security_groups", many=many)


async def update_group(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(
        call, SecurityGroupChange, "security_group", update_security_group
    )
    return {"security_group": security_group_view(after)}


async def delete_group(call: Call) -> None:
    await bodies.delete_one(call, delete_security_group)


async def list_rules(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    await _have_default(call)
    listing = read_listing(call, store.RULES, ("remote_address_group_id", "tags"))
    found = await store.list_rules(service.kit.database.reader, listing, call.caller)
    return answer(call, "security_group_rules", [rule_view(one) for one in found], listing)


async def show_rule(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await rule_of(
        service.kit.database.reader, call.caller, call.params["security_group_rule_id"]
    )
    return {"security_group_rule": only_fields(call, [rule_view(found)])[0]}


async def create_rule(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(
        call,
        SecurityGroupRuleRequest,
        "security_group_rule",
        "security_group_rules",
        create_security_group_rule,
    )
    views = [rule_view(one) for one in made]
    return bodies.made(views, "security_group_rule", "security_group_rules", many=many)


async def delete_rule(call: Call) -> None:
    await bodies.delete_one(call, delete_security_group_rule)


GROUPS = "/v2.0/security-groups"
GROUP = "/v2.0/security-groups/{security_group_id}"
RULES = "/v2.0/security-group-rules"
RULE = "/v2.0/security-group-rules/{security_group_rule_id}"
BODY = bodies.Body
NEW_SECURITY_GROUP = bodies.described(SecurityGroupRequest, "security_group", "security_groups")
CHANGED_SECURITY_GROUP = bodies.described(SecurityGroupChange, "security_group")
NEW_SECURITY_GROUP_RULE = bodies.described(
    SecurityGroupRuleRequest, "security_group_rule", "security_group_rules"
)

ROUTES = (
    Route("GET", GROUPS, list_groups, policy="get_security_group"),
    Route(
        "POST",
        GROUPS,
        create_group,
        policy="create_security_group",
        body=BODY,
        shape=NEW_SECURITY_GROUP,
        status=201,
    ),
    Route("GET", GROUP, show_group, policy="get_security_group"),
    Route(
        "PUT",
        GROUP,
        update_group,
        policy="update_security_group",
        body=BODY,
        shape=CHANGED_SECURITY_GROUP,
    ),
    Route("DELETE", GROUP, delete_group, policy="delete_security_group", status=204),
    Route("GET", RULES, list_rules, policy="get_security_group_rule"),
    Route(
        "POST",
        RULES,
        create_rule,
        policy="create_security_group_rule",
        body=BODY,
        shape=NEW_SECURITY_GROUP_RULE,
        status=201,
    ),
    Route("GET", RULE, show_rule, policy="get_security_group_rule"),
    Route("DELETE", RULE, delete_rule, policy="delete_security_group_rule", status=204),
)

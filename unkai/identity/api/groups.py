"""/groups and their members."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from unkai.identity.actions import groups as actions
from unkai.identity.actions.guard import narrowed
from unkai.identity.api.bodies import ShortName, changed_fields, own_attributes
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, group_view, user_view
from unkai.identity.model import Group
from unkai.identity.service import Identity
from unkai.identity.store import memberships, rows, schema
from unkai.kit.http import Call, Route


class GroupCreate(msgspec.Struct):
    name: ShortName
    description: str | None = None
    domain_id: str | None = None


class CreateBody(msgspec.Struct):
    group: GroupCreate


class GroupUpdate(msgspec.Struct):
    name: ShortName | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    domain_id: str | UnsetType = UNSET


class UpdateBody(msgspec.Struct):
    group: GroupUpdate


async def create(call: Call) -> dict[str, Any]:
    given: GroupCreate = call.body.group
    group = await actions.create_group(
        call.service,
        call.caller,
        name=given.name,
        domain_id=given.domain_id,
        description=given.description or "",
        extra=own_attributes(call, "group"),
    )
    return {"group": group_view(call, group)}


async def list_all(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("name", "domain_id"))
    asked = rows.Page(
        equal=narrowed(call.caller, page.equal),
        like=page.like,
        marker=page.marker,
        limit=page.limit,
    )
    found = await rows.find(identity.kit.database.reader, schema.groups, Group, asked)
    return collection(call, "groups", [group_view(call, group) for group in found], page)


async def show(call: Call) -> dict[str, Any]:
    group = await actions.show_group(call.service, call.caller, call.params["group_id"])
    return {"group": group_view(call, group)}


async def update(call: Call) -> dict[str, Any]:
    given: GroupUpdate = call.body.group
    extra = own_attributes(call, "group")
    group = await actions.update_group(
        call.service, call.caller, call.params["group_id"], changed_fields(given), extra
    )
    return {"group": group_view(call, group)}


async def delete(call: Call) -> None:
    await actions.delete_group(call.service, call.caller, call.params["group_id"])


async def list_members(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    group = await actions.show_group(identity, call.caller, call.params["group_id"])
    page = read_page(call, ("name",), ("enabled",))
    found = await memberships.users_in(identity.kit.database.reader, group.id, page)
    return collection(call, "users", [user_view(call, user) for user in found], page)


async def add_member(call: Call) -> None:
    group_id, user_id = call.params["group_id"], call.params["user_id"]
    await actions.add_member(call.service, call.caller, group_id, user_id)


async def check_member(call: Call) -> None:
    group_id, user_id = call.params["group_id"], call.params["user_id"]
    await actions.check_member(call.service, call.caller, group_id, user_id)


async def remove_member(call: Call) -> None:
    group_id, user_id = call.params["group_id"], call.params["user_id"]
    await actions.remove_member(call.service, call.caller, group_id, user_id)


ONE = "/v3/groups/{group_id}"
MEMBER = f"{ONE}/users/{{user_id}}"
ROUTES = (
    Route(
        "POST", "/v3/groups", create, policy="identity:create_group", body=CreateBody, status=201
    ),
    Route("GET", "/v3/groups", list_all, policy="identity:list_groups"),
    Route("GET", ONE, show, policy="identity:get_group"),
    Route("PATCH", ONE, update, policy="identity:update_group", body=UpdateBody),
    Route("DELETE", ONE, delete, policy="identity:delete_group", status=204),
    Route("GET", f"{ONE}/users", list_members, policy="identity:list_users_in_group"),
    Route("PUT", MEMBER, add_member, policy="identity:add_user_to_group", status=204),
    Route("GET", MEMBER, check_member, policy="identity:check_user_in_group", status=204),
    Route("DELETE", MEMBER, remove_member, policy="identity:remove_user_from_group", status=204),
)

"""/users, their passwords, groups and projects."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from unkai.identity.actions.create_user import (
    UserRequest,
    change_password,
    create_user,
    show_user,
    update_user,
)
from unkai.identity.actions.delete_user import delete_user
from unkai.identity.actions.guard import narrowed
from unkai.identity.actions.list_reach import list_user_projects
from unkai.identity.api.bodies import Key, Name, Options, changed_fields, own_attributes
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, group_view, project_view, user_view
from unkai.identity.model import User
from unkai.identity.service import Identity
from unkai.identity.store import memberships, projects, rows, schema
from unkai.kit.http import Call, Route


class UserCreate(msgspec.Struct):
    name: Name
    domain_id: str | None = None
    password: str | None = None
    enabled: bool = True
    default_project_id: Key | None = None
    options: Options = {}


class CreateBody(msgspec.Struct):
    user: UserCreate


class UserUpdate(msgspec.Struct):
    name: Name | UnsetType = UNSET
    domain_id: str | UnsetType = UNSET
    password: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    default_project_id: Key | UnsetType | None = UNSET
    options: Options | UnsetType = UNSET


class UpdateBody(msgspec.Struct):
    user: UserUpdate


class PasswordChange(msgspec.Struct):
    password: str
    original_password: str


class PasswordBody(msgspec.Struct):
    user: PasswordChange


async def create(call: Call) -> dict[str, Any]:
    given: UserCreate = call.body.user
    request = UserRequest(
        name=given.name,
        domain_id=given.domain_id,
        password=given.password,
        enabled=given.enabled,
        default_project_id=given.default_project_id,
        options=given.options,
        extra=_extra(call),
    )
    return {"user": user_view(call, await create_user(call.service, call.caller, request))}


def _extra(call: Call) -> dict[str, Any]:
    """The client's own attributes, never a password that was put in the wrong place."""
    given = own_attributes(call, "user")
    given.pop("original_password", None)
    return given


async def list_all(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("name", "domain_id", "default_project_id"), ("enabled",))
    asked = rows.Page(
        equal=narrowed(call.caller, page.equal),
        like=page.like,
        marker=page.marker,
        limit=page.limit,
    )
    found = await rows.find(identity.kit.database.reader, schema.users, User, asked)
    return collection(call, "users", [user_view(call, user) for user in found], page)


async def show(call: Call) -> dict[str, Any]:
    user = await show_user(call.service, call.caller, call.params["user_id"])
    return {"user": user_view(call, user)}


async def update(call: Call) -> dict[str, Any]:
    given: UserUpdate = call.body.user
    changes = changed_fields(given)
    user_id = call.params["user_id"]
    user = await update_user(call.service, call.caller, user_id, changes, _extra(call))
    return {"user": user_view(call, user)}


async def delete(call: Call) -> None:
    await delete_user(call.service, call.caller, call.params["user_id"])


async def set_password(call: Call) -> None:
    given: PasswordChange = call.body.user
    user_id = call.params["user_id"]
    await change_password(call.service, user_id, given.original_password, given.password)


async def list_groups(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    user = await show_user(identity, call.caller, call.params["user_id"])
    page = read_page(call, ("name",))
    found = await memberships.groups_of(identity.kit.database.reader, user.id, page)
    return collection(call, "groups", [group_view(call, group) for group in found], page)


async def list_projects(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("name", "domain_id"), ("enabled",))
    found = await list_user_projects(identity, call.caller, call.params["user_id"], page)
    tags = await projects.tags_of(identity.kit.database.reader, [p.id for p in found])
    return collection(call, "projects", [project_view(call, p, tags[p.id]) for p in found], page)


ONE = "/v3/users/{user_id}"
ROUTES = (
    Route("POST", "/v3/users", create, policy="identity:create_user", body=CreateBody, status=201),
    Route("GET", "/v3/users", list_all, policy="identity:list_users"),
    Route("GET", ONE, show, policy="identity:get_user"),
    Route("PATCH", ONE, update, policy="identity:update_user", body=UpdateBody),
    Route("DELETE", ONE, delete, policy="identity:delete_user", status=204),
    Route("POST", f"{ONE}/password", set_password, policy=None, body=PasswordBody, status=204),
    Route("GET", f"{ONE}/groups", list_groups, policy="identity:list_groups_for_user"),
    Route("GET", f"{ONE}/projects", list_projects, policy="identity:list_user_projects"),
)

"""/v2/images/{id}/members."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.image.actions.share_image import (
    add_member,
    get_member,
    list_members,
    remove_member,
    update_member,
)
from unkai.image.api.views import member_view
from unkai.image.model import MemberStatus
from unkai.kit.http import Call, Route


class NewMember(Struct):
    member: Annotated[str, Meta(min_length=1, max_length=255)]


class MemberChange(Struct):
    status: MemberStatus


async def create(call: Call) -> dict[str, Any]:
    body: NewMember = call.body
    return member_view(
        await add_member(call.service, call.caller, call.params["image_id"], body.member)
    )


async def index(call: Call) -> dict[str, Any]:
    found = await list_members(call.service, call.caller, call.params["image_id"])
    return {"members": [member_view(member) for member in found], "schema": "/v2/schemas/members"}


async def show(call: Call) -> dict[str, Any]:
    params = call.params
    return member_view(
        await get_member(call.service, call.caller, params["image_id"], params["member_id"])
    )


async def update(call: Call) -> dict[str, Any]:
    body: MemberChange = call.body
    image_id, member_id = call.params["image_id"], call.params["member_id"]
    return member_view(
        await update_member(call.service, call.caller, image_id, member_id, body.status)
    )


async def remove(call: Call) -> None:
    params = call.params
    await remove_member(call.service, call.caller, params["image_id"], params["member_id"])


PATH = "/v2/images/{image_id}/members"
ROUTES = (
    Route("POST", PATH, create, "add_member", body=NewMember),
    Route("GET", PATH, index, "get_members"),
    Route("GET", PATH + "/{member_id}", show, "get_member"),
    Route("PUT", PATH + "/{member_id}", update, "modify_member", body=MemberChange),
    Route("DELETE", PATH + "/{member_id}", remove, "delete_member", status=204),
)

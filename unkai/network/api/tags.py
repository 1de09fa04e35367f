"""/{collection}/{id}/tags"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route
from unkai.network.actions.tags import FINDERS, change_tags, has_tag, tags_of
from unkai.network.service import NetworkService


class TagsBody(Struct, forbid_unknown_fields=True):
    tags: Annotated[list[str], Meta(max_length=1000)]


def _where(call: Call) -> tuple[str, str]:
    """(collection, id) of what the path names."""
    return call.route.path.split("/")[2], call.params["resource_id"]


async def list_tags(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    return {"tags": list(await tags_of(service.kit.database.reader, call.caller, *_where(call)))}


async def replace_tags(call: Call) -> dict[str, Any]:
    body: TagsBody = call.body
    return {
        "tags": await change_tags(call.service, call.caller, *_where(call), lambda _: body.tags)
    }


async def add_tags(call: Call) -> dict[str, Any]:
    body: TagsBody = call.body
    collection, id = _where(call)
    tags = await change_tags(
        call.service, call.caller, collection, id, lambda present: [*present, *body.tags]
    )
    return {"tags": tags}


async def delete_all_tags(call: Call) -> None:
    await change_tags(call.service, call.caller, *_where(call), lambda _: ())


async def show_tag(call: Call) -> None:
    service: NetworkService = call.service
    await has_tag(service.kit.database.reader, call.caller, *_where(call), call.params["tag"])


async def add_tag(call: Call) -> None:
    tag = call.params["tag"]
    collection, id = _where(call)
    await change_tags(call.service, call.caller, collection, id, lambda present: [*present, tag])


async def delete_tag(call: Call) -> None:
    tag = call.params["tag"]

    def without(present: tuple[str, ...]) -> list[str]:
        if tag not in present:
            raise NotFound(f"Tag {tag} could not be found.", code="tag-not-found")
        return [one for one in present if one != tag]

    await change_tags(call.service, call.caller, *_where(call), without)


def _routes(collection: str) -> tuple[Route, ...]:
    many = f"/v2.0/{collection}/{{resource_id}}/tags"
    one = f"{many}/{{tag}}"
    return (
        Route("GET", many, list_tags, policy="get_tags"),
        Route("PUT", many, replace_tags, policy="update_tags", body=TagsBody),
        Route("POST", many, add_tags, policy="update_tags", body=TagsBody, status=201),
        Route("DELETE", many, delete_all_tags, policy="delete_tags", status=204),
        Route("GET", one, show_tag, policy="get_tags", status=204),
        Route("PUT", one, add_tag, policy="update_tags", status=201),
        Route("DELETE", one, delete_tag, policy="delete_tags", status=204),
    )


ROUTES = tuple(route for collection in FINDERS for route in _routes(collection))

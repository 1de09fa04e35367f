"""/messages: what users are told of work that failed after its answer."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import Listed
from unkai.block_storage.api.views import at
from unkai.block_storage.model import ListQuery, Message
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import messages
from unkai.kit.db import Session
from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route

LISTED = Listed(
    sorts=frozenset(
        {"id", "event_id", "resource_type", "resource_uuid", "message_level"}
        | {"guaranteed_until", "request_id", "created_at"}
    ),
    fields={
        "event_id": "event_id",
        "resource_type": "resource_type",
        "resource_uuid": "resource_uuid",
        "message_level": "message_level",
        "request_id": "request_id",
    },
    pairs={},
)


def _view(call: Call, one: Message) -> dict[str, Any]:
    return {
        "id": one.id,
        "event_id": one.event_id,
        "user_message": one.user_message,
        "message_level": one.message_level,
        "resource_type": one.resource_type,
        "resource_uuid": one.resource_uuid,
        "request_id": one.request_id,
        "created_at": at(one.created_at),
        "guaranteed_until": at(one.guaranteed_until),
        "links": listing.links(call, f"/messages/{one.id}"),
    }


async def list_messages(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    query = listing.asked(call, LISTED)
    if not call.at_least("3.5"):
        query = ListQuery(project_id=query.project_id)
    found = await messages.page(block.kit.database.reader, query)
    shown = [_view(call, one) for one in found]
    last = found[-1].id if found else ""
    return listing.page(call, "messages", "/messages", shown, last=last, query=query)


async def _find(call: Call, session: Session) -> Message:
    message_id = call.params["message_id"]
    found = await messages.find(session, message_id)
    if found is None or not call.caller.may_see(found.project_id):
        raise NotFound(f"Message {message_id} could not be found.")
    return found


async def show_message(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    return {"message": _view(call, await _find(call, block.kit.database.reader))}


async def delete_message(call: Call) -> None:
    block: BlockStorage = call.service
    found = await _find(call, block.kit.database.reader)
    await block.kit.database.transact(lambda tx: messages.remove(tx, found.id))


ROUTES = (
    Route("GET", "/messages", list_messages, "message:get_all", since="3.3"),
    Route("GET", "/messages/{message_id}", show_message, "message:get", since="3.3"),
    Route(
        "DELETE",
        "/messages/{message_id}",
        delete_message,
        "message:delete",
        status=204,
        since="3.3",
    ),
)

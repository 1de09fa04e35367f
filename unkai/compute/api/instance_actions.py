"""/servers/{id}/os-instance-actions: what was asked of a server, also of a deleted one (2.21)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType, field

from unkai.compute.actions.find_server import find_server
from unkai.compute.api.server_queries import MAX_LIMIT, Limit, Word, moment
from unkai.compute.api.server_views import host_id, page_links
from unkai.compute.model import Server, ServerAction
from unkai.compute.service import Compute
from unkai.compute.store import server_actions
from unkai.kit.clock import iso
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route, since


class ActionsQuery(Struct, kw_only=True):
    limit: Limit | None = None
    marker: Word | None = None
    changes_since: Word | None = field(default=None, name="changes-since")
    changes_before: Word | None = field(default=None, name="changes-before")


class EventView(Struct, kw_only=True):
    event: str
    start_time: str
    finish_time: str | None
    result: str | None
    traceback: str | UnsetType | None = UNSET
    host: Annotated[str | UnsetType | None, since("2.62")] = UNSET
    hostId: Annotated[str | UnsetType, since("2.62")] = UNSET  # noqa: N815
    details: Annotated[str | UnsetType | None, since("2.84")] = UNSET


class ActionView(Struct, kw_only=True):
    action: str
    instance_uuid: str
    request_id: str
    user_id: str | None
    project_id: str | None
    start_time: str
    message: str | None
    updated_at: Annotated[str | UnsetType, since("2.58")] = UNSET
    events: list[EventView] | UnsetType = UNSET


class ActionEnvelope(Struct):
    instanceAction: ActionView  # noqa: N815


class ActionsEnvelope(Struct):
    instanceActions: list[ActionView]  # noqa: N815
    links: Annotated[list[dict[str, str]] | UnsetType, since("2.58")] = UNSET


async def _server(call: Call) -> Server:
    compute: Compute = call.service
    return await find_server(
        compute.kit.database.reader,
        call.caller,
        call.params["server_id"],
        deleted=call.at_least("2.21"),
    )


def _view(action: ServerAction) -> ActionView:
    return ActionView(
        action=action.action,
        instance_uuid=action.server_id,
        request_id=action.request_id,
        user_id=action.user_id,
        project_id=action.project_id,
        start_time=iso(action.started_at, micro=True),
        message=action.message,
        updated_at=iso(action.updated_at, micro=True),
    )


def _events(call: Call, server: Server, action: ServerAction) -> list[EventView]:
    if action.event is None:
        return []
    shown = EventView(
        event=action.event,
        start_time=iso(action.started_at, micro=True),
        finish_time=None if action.ended_at is None else iso(action.ended_at, micro=True),
        result=action.result,
        hostId=host_id(server.project_id, action.host) if action.host else "",
    )
    if call.caller.reads_all:
        shown.traceback = None
        shown.host = action.host
        shown.details = action.details
    return [shown]


async def list_actions(call: Call) -> ActionsEnvelope:
    compute: Compute = call.service
    session = compute.kit.database.reader
    server = await _server(call)
    if not call.at_least("2.58"):
        found = await server_actions.list_actions(session, server.id)
        return ActionsEnvelope([_view(action) for action in found])
    query = call.query(ActionsQuery)
    limit = min(query.limit if query.limit is not None else MAX_LIMIT, MAX_LIMIT)
    if query.marker is not None:
        marker = await server_actions.get_action(session, server.id, query.marker)
        if marker is None:
            raise BadRequest(f"marker [{query.marker}] not found", code="marker-unknown")
    since_at = moment(query.changes_since, "changes-since")
    before_at = None
    if call.at_least("2.66"):
        before_at = moment(query.changes_before, "changes-before")
        if since_at is not None and before_at is not None and before_at < since_at:
            raise BadRequest("The value of changes-since must be less than changes-before.")
    found = await server_actions.list_actions(
        session, server.id, since=since_at, before=before_at, limit=limit, marker=query.marker
    )
    more = page_links(call, found, limit, (action.request_id for action in found))
    return ActionsEnvelope([_view(action) for action in found], more)


async def show_action(call: Call) -> ActionEnvelope:
    compute: Compute = call.service
    server = await _server(call)
    request_id = call.params["request_id"]
    reader = compute.kit.database.reader
    action = await server_actions.get_action(reader, server.id, request_id)
    if action is None:
        raise NotFound(f"Action for request_id {request_id} on instance {server.id} not found")
    shown = _view(action)
    if call.caller.reads_all or call.at_least("2.51"):
        shown.events = _events(call, server, action)
    return ActionEnvelope(shown)


PATH = "/servers/{server_id}/os-instance-actions"

ROUTES: tuple[Any, ...] = (
    Route(
        "GET",
        PATH,
        list_actions,
        policy="os_compute_api:os-instance-actions:list",
        query=ActionsQuery,
        response=ActionsEnvelope,
        summary="List what was asked of a server",
    ),
    Route(
        "GET",
        f"{PATH}/{{request_id}}",
        show_action,
        policy="os_compute_api:os-instance-actions:show",
        response=ActionEnvelope,
        summary="Show one request with its events",
    ),
)

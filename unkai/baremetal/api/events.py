"""/events: other services tell what happened to what is a machine's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from unkai.baremetal.actions.note_events import note_events
from unkai.baremetal.api.bodies import Address, Text, Uuid
from unkai.kit.http import Call, Route


class ExternalEvent(Struct, forbid_unknown_fields=True):
    event: Literal["network.bind_port", "network.unbind_port", "network.delete_port"]
    port_id: Uuid
    mac_address: Address
    status: Text
    device_id: str | None = None
    host_id: str | None = field(name="binding:host_id", default=None)
    vnic_type: str | None = field(name="binding:vnic_type", default=None)


class ExternalEvents(Struct, forbid_unknown_fields=True):
    events: Annotated[list[ExternalEvent], Meta(min_length=1, max_length=1000)]


async def post_events(call: Call) -> None:
    body: ExternalEvents = call.body
    told: list[Any] = [(one.mac_address.lower(), one.event, one.status) for one in body.events]
    await note_events(call.service, told, request_id=call.request_id)


ROUTES = (
    Route(
        "POST",
        "/events",
        post_events,
        policy="baremetal:events:post",
        body=ExternalEvents,
        status=204,
        since="1.54",
    ),
)

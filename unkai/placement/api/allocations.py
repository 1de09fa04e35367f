"""/allocations: what consumers hold."""

from __future__ import annotations

from typing import Annotated, Any, cast

from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route, changed, since
from unkai.placement.actions.claim import release
from unkai.placement.actions.providers import need_provider
from unkai.placement.actions.replace_allocations import Replacement, replace_allocations
from unkai.placement.api.answers import date, need_uuid
from unkai.placement.model import UNIT_MAX
from unkai.placement.service import Placement
from unkai.placement.store import allocations as held
from unkai.placement.store import providers

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Project and user of a consumer made below 1.8, where none could be said."""
Id = Annotated[str, Meta(min_length=1, max_length=255)]
ConsumerType = Annotated[str, Meta(pattern=r"^[A-Z0-9_]+$", min_length=1, max_length=255)]
Amounts = Annotated[dict[str, Annotated[int, Meta(ge=1, le=UNIT_MAX)]], Meta(min_length=1)]

Mappings = Annotated[dict[str, Annotated[list[str], Meta(min_length=1)]], Meta(min_length=1)]


class Given(Struct, forbid_unknown_fields=True):
    resources: Amounts
    generation: int | UnsetType = UNSET


def list_to_dict(value: Any) -> Any:
    """Below 1.12 a list of `{resource_provider: {uuid}, resources}`."""
    found: dict[str, Any] = {}
    try:
        for one in value:
            if set(one) != {"resource_provider", "resources"}:
                raise BadRequest("JSON does not validate: an allocation has other properties.")
            found[one["resource_provider"]["uuid"]] = {"resources": one["resources"]}
    except (TypeError, KeyError) as error:
        raise BadRequest("JSON does not validate: allocations must be a list.") from error
    return found


class Replace(Struct, forbid_unknown_fields=True):
    allocations: Annotated[dict[str, Given], changed("1.12", up=list_to_dict)]
    project_id: Annotated[Id | UnsetType, since("1.8")] = UNSET
    user_id: Annotated[Id | UnsetType, since("1.8")] = UNSET
    consumer_generation: Annotated[int | UnsetType | None, since("1.28")] = UNSET
    mappings: Annotated[Mappings | UnsetType, since("1.34")] = UNSET
    consumer_type: Annotated[ConsumerType | UnsetType, since("1.38")] = UNSET


REQUIRED = (
    ("project_id", "1.8"),
    ("user_id", "1.8"),
    ("consumer_generation", "1.28"),
    ("consumer_type", "1.38"),
)


def to_replacement(call: Call, consumer_id: str, body: Replace, *, empty: bool) -> Replacement:
    """The request in the service's words; BadRequest where this version wants more.

    empty: whether no allocations at all may be asked for.
    """
    for name, version in REQUIRED:
        if call.at_least(version) and getattr(body, name) is UNSET:
            raise BadRequest(f"JSON does not validate: '{name}' is a required property.")
    if not body.allocations and not empty:
        raise BadRequest("JSON does not validate: allocations: {} does not have enough properties.")
    generation = body.consumer_generation
    return Replacement(
        need_uuid(consumer_id, "consumer_uuid"),
        {
            need_uuid(one, "resource provider uuid"): given.resources
            for one, given in body.allocations.items()
        },
        body.project_id or NOBODY,
        body.user_id or NOBODY,
        body.consumer_type or None,
        None if generation is UNSET else generation,
        checked=call.at_least("1.28"),
    )


async def show_allocations(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    consumer_id = call.params["consumer_uuid"]
    given = await held.allocations_of(session, consumer_id)
    generations = await providers.get_providers(session, given)
    shown: dict[str, Any] = {
        "allocations": {
            one: {"generation": generations[one].generation, "resources": resources}
            for one, resources in given.items()
        }
    }
    consumer = await held.get_consumer(session, consumer_id) if given else None
    if consumer is not None and call.at_least("1.12"):
        shown |= {"project_id": consumer.project_id, "user_id": consumer.user_id}
        if call.at_least("1.28"):
            shown["consumer_generation"] = consumer.generation
        if call.at_least("1.38"):
            shown["consumer_type"] = consumer.consumer_type
    date(call, consumer.updated_at if consumer else None)
    return shown


async def put_allocations(call: Call) -> None:
    placement: Placement = call.service
    consumer_id = call.params["consumer_uuid"]
    one = to_replacement(call, consumer_id, call.body, empty=call.at_least("1.28"))

    async def write(tx: Tx) -> None:
        await replace_allocations(placement, tx, [one])

    await placement.kit.database.transact(write)


async def post_allocations(call: Call) -> None:
    placement: Placement = call.service
    bodies = cast("dict[str, Replace]", call.body)
    if not bodies:
        raise BadRequest("JSON does not validate: {} does not have enough properties.")
    wanted = [to_replacement(call, one, body, empty=True) for one, body in bodies.items()]

    async def write(tx: Tx) -> None:
        await replace_allocations(placement, tx, wanted)

    await placement.kit.database.transact(write)


async def delete_allocations(call: Call) -> None:
    placement: Placement = call.service
    consumer_id = call.params["consumer_uuid"]

    async def write(tx: Tx) -> None:
        if not await release(placement, tx, consumer_id):
            raise NotFound(f"No allocations for consumer '{consumer_id}'.")

    await placement.kit.database.transact(write)


async def list_provider_allocations(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    provider = await need_provider(session, call.params["uuid"])
    given = await held.allocations_on(session, provider.id)
    consumers = await held.get_consumers(session, given) if call.at_least("1.28") else {}
    shown: dict[str, dict[str, Any]] = {
        one: {"resources": resources} for one, resources in given.items()
    }
    for one, consumer in consumers.items():
        shown[one]["consumer_generation"] = consumer.generation
    date(call, provider.updated_at)
    return {"allocations": shown, "resource_provider_generation": provider.generation}


_ONE = "/allocations/{consumer_uuid}"
_P = "placement:allocations"
ROUTES = (
    Route(
        "POST",
        "/allocations",
        post_allocations,
        policy=f"{_P}:manage",
        body=dict[str, Replace],
        status=204,
        since="1.13",
    ),
    Route("GET", _ONE, show_allocations, policy=f"{_P}:list"),
    Route("PUT", _ONE, put_allocations, policy=f"{_P}:update", body=Replace, status=204),
    Route("DELETE", _ONE, delete_allocations, policy=f"{_P}:delete", status=204),
    Route(
        "GET",
        "/resource_providers/{uuid}/allocations",
        list_provider_allocations,
        policy="placement:resource_providers:allocations:list",
    ),
)

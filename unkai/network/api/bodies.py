"""Bodies of this API: one resource under its name, or many under the plural."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from msgspec import UNSET, UnsetType, defstruct

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, PreconditionFailed
from unkai.kit.http import Call
from unkai.kit.policy import Caller
from unkai.network.api.policies import check_create, check_update
from unkai.network.fields import read
from unkai.network.service import NetworkService

R = TypeVar("R")
T = TypeVar("T")
Body = dict[str, Any]
MAX_BULK = 1000


def described(shape: Any, member: str, collection: str | None = None) -> Any:
    """The type of a body for OpenAPI: one resource under its name, or many under the plural."""
    fields: list[Any] = [(member, shape | UnsetType, UNSET) if collection else (member, shape)]
    if collection:
        fields.append((collection, list[shape] | UnsetType, UNSET))
    return defstruct(f"{shape.__name__}Body", fields)


def one_of(call: Call, shape: type[R], member: str) -> R:
    """The one resource of the body."""
    body = cast("Mapping[str, Any]", call.body)
    if member not in body:
        raise BadRequest(f"Unable to find '{member}' in request body.")
    return read(shape, body[member], member)


async def create_all(
    call: Call,
    shape: type[R],
    member: str,
    collection: str,
    make: Callable[[NetworkService, Tx, Caller, R], Awaitable[T]],
) -> tuple[list[T], bool]:
    """Make what the body names, all of it or nothing; and whether the body was a list.

    Raises BadRequest where the body has neither form.
    """
    body = cast("Mapping[str, Any]", call.body)
    many = collection in body and member not in body
    data: Any = body.get(collection if many else member)
    if data is None:
        raise BadRequest(f"Unable to find '{member}' in request body.")
    if many and (not isinstance(data, list) or not data):
        raise BadRequest("Resources required")
    items: list[Any] = cast("list[Any]", data) if many else [data]
    if len(items) > MAX_BULK:
        raise BadRequest(f"At most {MAX_BULK} resources can be made at once.")
    requests = [read(shape, item, member) for item in items]
    for request in requests:
        check_create(call.caller, member, request)
    service: NetworkService = call.service

    async def write(tx: Tx) -> list[T]:
        return [await make(service, tx, call.caller, request) for request in requests]

    return await service.kit.database.transact(write), many


def made(
    views: Sequence[dict[str, Any]], member: str, collection: str, *, many: bool
) -> dict[str, Any]:
    return {collection: list(views)} if many else {member: views[0]}


async def update_one(
    call: Call,
    shape: type[R],
    member: str,
    change: Callable[[NetworkService, Tx, Caller, str, R], Awaitable[T]],
) -> T:
    """Change the resource the path names; `If-Match: revision_number=N` guards it."""
    request = one_of(call, shape, member)
    check_update(call.caller, member, request)
    service: NetworkService = call.service
    (resource_id,) = call.params.values()
    wanted = _expected_revision(call)

    async def write(tx: Tx) -> T:
        after = await change(service, tx, call.caller, resource_id, request)
        if wanted is not None:
            _check_revision(after, wanted)
        return after

    return await service.kit.database.transact(write)


def _check_revision(after: Any, wanted: int) -> None:
    """PreconditionFailed, which takes the change back, unless it began at this revision."""
    began = getattr(after, "revision_number", 1) - 1
    if began != wanted:
        raise PreconditionFailed(
            f"Constrained to {wanted}, but current revision is {began}.",
            code="revision-number-constraint-failed",
        )


def _expected_revision(call: Call) -> int | None:
    header = call.request.headers.get("if-match")
    if header is None:
        return None
    name, _, number = header.strip('"').partition("=")
    if name != "revision_number" or not (number.isascii() and number.isdigit()):
        raise BadRequest("Invalid input for If-Match. Reason: it must be revision_number=N.")
    return int(number[:18])


async def delete_one(
    call: Call, remove: Callable[[NetworkService, Tx, Caller, str], Awaitable[None]]
) -> None:
    service: NetworkService = call.service
    (resource_id,) = call.params.values()

    async def write(tx: Tx) -> None:
        await remove(service, tx, call.caller, resource_id)

    await service.kit.database.transact(write)

"""/os-volume-transfer, and /volume-transfers as it is called since 3.55."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from unkai.block_storage.actions import transfers as actions
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import Listed
from unkai.block_storage.api.shapes import Id, Name
from unkai.block_storage.api.views import at
from unkai.block_storage.model import Transfer
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import transfers
from unkai.kit.http import Call, Route, since

LISTED = Listed(sorts=transfers.SORTS, fields={}, pairs={})


class NewTransfer(Struct, forbid_unknown_fields=True):
    volume_id: Id
    name: Name | None = None
    no_snapshots: Annotated[bool, since("3.55")] = False


class CreateTransfer(Struct, forbid_unknown_fields=True):
    transfer: NewTransfer


class Key(Struct, forbid_unknown_fields=True):
    auth_key: Id


class AcceptTransfer(Struct, forbid_unknown_fields=True):
    accept: Key


def _brief(call: Call, one: Transfer) -> dict[str, Any]:
    path = call.route.path.split("/")[1]
    return {
        "id": one.id,
        "volume_id": one.volume_id,
        "name": one.name,
        "links": listing.links(call, f"/{path}/{one.id}"),
    }


def _view(call: Call, one: Transfer) -> dict[str, Any]:
    shown = {**_brief(call, one), "created_at": at(one.created_at)}
    if call.at_least("3.55"):
        shown["no_snapshots"] = one.no_snapshots
    if call.at_least("3.57"):
        shown |= {
            "source_project_id": one.source_project_id,
            "destination_project_id": one.destination_project_id,
            "accepted": one.accepted,
        }
    return shown


async def create_transfer(call: Call) -> dict[str, Any]:
    body: NewTransfer = call.body.transfer
    made, key = await actions.create_transfer(
        call.service,
        call.caller,
        body.volume_id,
        body.name,
        no_snapshots=body.no_snapshots,
        encrypted=call.at_least("3.70"),
    )
    return {"transfer": {**_view(call, made), "auth_key": key}}


async def list_transfers(call: Call) -> dict[str, Any]:
    return {"transfers": [_brief(call, one) for one in await _page(call)]}


async def list_transfers_detail(call: Call) -> dict[str, Any]:
    return {"transfers": [_view(call, one) for one in await _page(call)]}


async def _page(call: Call) -> list[Transfer]:
    block: BlockStorage = call.service
    return await transfers.page(block.kit.database.reader, listing.asked(call, LISTED))


async def show_transfer(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    found = await actions.get_transfer(session, call.caller, call.params["transfer_id"])
    return {"transfer": _view(call, found)}


async def accept_transfer(call: Call) -> dict[str, Any]:
    key: str = call.body.accept.auth_key
    found = await actions.accept_transfer(
        call.service, call.caller, call.params["transfer_id"], key
    )
    return {"transfer": _brief(call, found)}


async def delete_transfer(call: Call) -> None:
    await actions.delete_transfer(call.service, call.caller, call.params["transfer_id"])


def _routes(path: str, first: str) -> tuple[Route, ...]:
    one = f"{path}/{{transfer_id}}"
    return (
        Route("GET", path, list_transfers, "volume:get_all_transfers", since=first),
        Route(
            "GET", f"{path}/detail", list_transfers_detail, "volume:get_all_transfers", since=first
        ),
        Route(
            "POST",
            path,
            create_transfer,
            "volume:create_transfer",
            body=CreateTransfer,
            status=202,
            since=first,
        ),
        Route("GET", one, show_transfer, "volume:get_transfer", since=first),
        Route("DELETE", one, delete_transfer, "volume:delete_transfer", status=202, since=first),
        Route(
            "POST",
            f"{one}/accept",
            accept_transfer,
            "volume:accept_transfer",
            body=AcceptTransfer,
            status=202,
            since=first,
        ),
    )


ROUTES = (*_routes("/os-volume-transfer", "3.0"), *_routes("/volume-transfers", "3.55"))

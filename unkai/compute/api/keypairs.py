"""/os-keypairs: the public keys that servers are made with."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from unkai.compute.actions import keypairs as actions
from unkai.compute.api.paging import check_known, next_links, page_limit
from unkai.compute.model import Keypair
from unkai.compute.service import Compute
from unkai.compute.store import keypairs
from unkai.kit.clock import iso
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.http import Call, Route, since

OLD_NAME = re.compile(r"(?! )[a-zA-Z0-9 _-]+(?<! )")
NEW_NAME = re.compile(r"(?! )[a-zA-Z0-9 _@.-]+(?<! )")

Id = Annotated[str, Meta(min_length=1, max_length=255)]


class NewKeypair(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    public_key: str | None = None
    type: Annotated[Literal["ssh", "x509"], since("2.2")] = "ssh"
    user_id: Annotated[Id | None, since("2.10")] = None


class CreateKeypair(Struct, forbid_unknown_fields=True):
    keypair: NewKeypair


def _brief(call: Call, keypair: Keypair) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": keypair.name,
        "public_key": keypair.public_key,
        "fingerprint": keypair.fingerprint,
    }
    if call.at_least("2.2"):
        shown["type"] = keypair.type
    return shown


def _whose(call: Call, asked: str | None) -> str:
    """The user whose keypairs are meant; Forbidden if they are not the caller's to touch."""
    caller = call.caller
    if asked is not None and asked != caller.user_id and not caller.is_admin:
        raise Forbidden(f"Policy doesn't allow {call.route.policy} to be performed.", code="policy")
    return asked or caller.user_id


def _user(call: Call) -> str:
    asked = call.request.query_params.get("user_id") if call.at_least("2.10") else None
    return _whose(call, asked)


async def list_keypairs(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    user_id = _user(call)
    check_known(call, ("user_id", "limit", "marker"))
    paged = call.at_least("2.35")
    limit = page_limit(call) if paged else 1000
    marker = call.request.query_params.get("marker") if paged else None
    if marker is not None and await keypairs.get_keypair(session, user_id, marker) is None:
        raise BadRequest(f"marker [{marker}] not found")
    found = await keypairs.list_keypairs(session, user_id, marker, limit)
    shown: dict[str, Any] = {"keypairs": [{"keypair": _brief(call, one)} for one in found]}
    last = found[-1].name if found else ""
    links = next_links(call, "/os-keypairs", len(found), limit, last) if paged else []
    return {**shown, "keypairs_links": links} if links else shown


async def create_keypair(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    body: NewKeypair = call.body.keypair
    names = NEW_NAME if call.at_least("2.92") else OLD_NAME
    if not names.fullmatch(body.name):
        raise BadRequest(
            f"Invalid input for field/attribute name. Value: {body.name}. Keypair data is invalid:"
            " Keypair name contains unsafe characters"
        )
    if body.public_key is None and call.at_least("2.92"):
        raise BadRequest(
            "Invalid input for field/attribute keypair: 'public_key' is a required property."
            " Keys are no longer made by the service; make one with ssh-keygen."
        )
    user_id = _whose(call, body.user_id)
    keypair, private_key = await actions.create_keypair(
        compute,
        call.caller,
        user_id,
        name=body.name,
        kind=body.type,
        public_key=body.public_key,
    )
    shown = {**_brief(call, keypair), "user_id": keypair.user_id}
    if private_key is not None:
        shown["private_key"] = private_key
    return {"keypair": shown}


async def show_keypair(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    user_id, name = _user(call), call.params["keypair_name"]
    keypair = await keypairs.get_keypair(compute.kit.database.reader, user_id, name)
    if keypair is None:
        raise actions.no_keypair(user_id, name)
    return {
        "keypair": {
            **_brief(call, keypair),
            "id": keypair.number,
            "user_id": keypair.user_id,
            "created_at": iso(keypair.created_at, micro=True),
            "deleted": False,
            "deleted_at": None,
            "updated_at": None,
        }
    }


async def delete_keypair(call: Call) -> None:
    compute: Compute = call.service
    user_id, name = _user(call), call.params["keypair_name"]
    await compute.kit.database.transact(
        lambda tx: actions.delete_keypair(compute, tx, user_id, name)
    )


_ONE = "/os-keypairs/{keypair_name}"
_P = "os_compute_api:os-keypairs"
ROUTES = (
    Route("GET", "/os-keypairs", list_keypairs, policy=f"{_P}:index"),
    *(
        Route(
            "POST",
            "/os-keypairs",
            create_keypair,
            policy=f"{_P}:create",
            body=CreateKeypair,
            status=status,
            since=first,
            until=last,
        )
        for status, first, last in ((200, "2.1", "2.1"), (201, "2.2", ""))
    ),
    Route("GET", _ONE, show_keypair, policy=f"{_P}:show"),
    Route("DELETE", _ONE, delete_keypair, policy=f"{_P}:delete", status=202, until="2.1"),
    Route("DELETE", _ONE, delete_keypair, policy=f"{_P}:delete", status=204, since="2.2"),
)

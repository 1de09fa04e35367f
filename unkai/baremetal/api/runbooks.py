"""/runbooks: steps that were approved once and are run by name, and the traits they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct

from unkai.baremetal.actions.change_runbook import (
    create_runbook,
    delete_runbook,
    own_runbook,
    seen_runbook,
    update_runbook,
)
from unkai.baremetal.actions.rights import sees_all
from unkai.baremetal.api.asked import flag, ident
from unkai.baremetal.api.bodies import (
    Object,
    Text,
    Uuid,
    after_patch,
    check_name,
    checked_ident,
    named,
)
from unkai.baremetal.api.node_traits import Traits, check_trait
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.api.steps import RunbookStep, kept, shown
from unkai.baremetal.model import Runbook
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.runbooks import RUNBOOKS, runbooks_where
from unkai.kit.errors import BadRequest, MethodNotAllowed
from unkai.kit.http import Call, Route

SHAPE = Shape[Runbook](
    "runbooks",
    {
        **dict.fromkeys(("name", "extra", "public", "owner", "disable_ramdisk", "steps"), "1.92"),
        **dict.fromkeys(("description", "traits"), "1.112"),
    },
    ("uuid", "name"),
    fixed=("extra", "steps", "traits"),
    readers={"steps": lambda one: shown(one.steps)},
)


class RunbookFields(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    steps: Annotated[list[RunbookStep], Meta(min_length=1)]
    disable_ramdisk: bool | None = None
    extra: Object = None
    public: bool | None = None
    owner: Text | None = None
    description: Text | None = None


class NewRunbook(RunbookFields):
    uuid: Uuid | None = None


class ChangedRunbook(RunbookFields):
    """What can be changed; traits have paths of their own."""


def _columns(said: RunbookFields) -> dict[str, Any]:
    check_name(said.name, "a runbook")
    return {
        "name": said.name,
        "steps": kept(said.steps),
        "disable_ramdisk": said.disable_ramdisk is True,
        "extra": said.extra or {},
        "public": said.public is True,
        "owner": said.owner,
        "description": said.description,
    }


async def post_runbook(call: Call) -> dict[str, Any]:
    body: NewRunbook = call.body
    SHAPE.refuse_newer_body(call)
    if not call.at_least("1.112"):  # it was the trait itself
        check_trait(body.name)
    values = _columns(body)
    if body.uuid is not None:
        values["uuid"] = body.uuid.lower()
    return SHAPE.made(call, await create_runbook(call.service, call.caller, values))


async def list_runbooks(call: Call) -> dict[str, Any]:
    caller = call.caller
    everything = sees_all(caller) and not flag(call, "project")
    wheres = runbooks_where(None if everything else caller.project_id)
    return await SHAPE.list(call, call.service.kit.database.reader, RUNBOOKS, *wheres)


def _ident(call: Call) -> str:
    return checked_ident(ident(call, "runbook_ident"), "a runbook")


async def _seen(call: Call) -> Runbook:
    baremetal: Baremetal = call.service
    return await seen_runbook(baremetal.kit.database.reader, call.caller, _ident(call))


async def show_runbook(call: Call) -> dict[str, Any]:
    return SHAPE.show(call, await _seen(call), SHAPE.asked(call))


async def patch_runbook(call: Call) -> dict[str, Any]:
    patch: Patch = call.body
    names = named(patch)
    SHAPE.refuse_newer(call, names)

    def change(found: Runbook) -> dict[str, Any]:
        before = shown(found.steps, mask=False)
        values = _columns(after_patch(found, patch, ChangedRunbook, steps=before))
        return {name: values[name] for name in names}

    found = await update_runbook(call.service, call.caller, _ident(call), names, change)
    return SHAPE.show(call, found)


async def remove_runbook(call: Call) -> None:
    await delete_runbook(call.service, call.caller, _ident(call))


async def list_traits(call: Call) -> dict[str, Any]:
    return {"traits": (await _seen(call)).traits}


async def put_traits(call: Call) -> None:
    body: Traits = call.body
    await _allowed(call)
    for trait in body.traits:
        check_trait(trait)
    await _set_traits(call, lambda _: body.traits)


async def put_trait(call: Call) -> None:
    trait = call.params["trait"]
    await _allowed(call)
    check_trait(trait)
    if call.data is not UNSET and call.data:
        raise BadRequest("No body should be provided when adding a trait.")
    await _set_traits(call, lambda before: [*before, trait])
    call.headers["Location"] = f"{call.url}/runbooks/{_ident(call)}/traits/{trait}"


async def remove_traits(call: Call) -> None:
    await _set_traits(call, lambda _: [])


async def remove_trait(call: Call) -> None:
    trait = call.params["trait"]
    await _set_traits(call, lambda before: [one for one in before if one != trait])


async def _allowed(call: Call) -> None:
    """Whose runbook it is comes before what is wrong with the request."""
    baremetal: Baremetal = call.service
    await own_runbook(baremetal.kit.database.reader, call.caller, _ident(call), "update")


async def _set_traits(call: Call, change: Callable[[Sequence[str]], Sequence[str]]) -> None:
    def changed(found: Runbook) -> dict[str, Any]:
        return {"traits": sorted(set(change(found.traits)))}

    await update_runbook(call.service, call.caller, _ident(call), ["traits"], changed)


_ALL = "/runbooks"
_ONE = f"{_ALL}/{{runbook_ident}}"
_TRAITS = f"{_ONE}/traits"
_LIST, _GET, _CREATE, _UPDATE, _DELETE = (
    f"baremetal:runbook:{verb}" for verb in ("list", "get", "create", "update", "delete")
)
_SINCE: dict[str, Any] = {"since": "1.92", "absent": MethodNotAllowed}
_TRAIT: dict[str, Any] = {"policy": _UPDATE, "status": 204, "since": "1.112"}
ROUTES = (
    Route("GET", _ALL, list_runbooks, policy=_LIST, since="1.92"),
    Route(
        "POST", _ALL, post_runbook, policy=_CREATE, body=NewRunbook, status=201, lax=True, **_SINCE
    ),
    Route("GET", _ONE, show_runbook, policy=_GET, since="1.92"),
    Route("PATCH", _ONE, patch_runbook, policy=_UPDATE, body=Patch, **_SINCE),
    Route("DELETE", _ONE, remove_runbook, policy=_DELETE, status=204, **_SINCE),
    Route("GET", _TRAITS, list_traits, policy=_GET, since="1.112"),
    Route("PUT", _TRAITS, put_traits, body=Traits, **_TRAIT),
    Route("DELETE", _TRAITS, remove_traits, **_TRAIT),
    Route("PUT", f"{_TRAITS}/{{trait}}", put_trait, body=Any, optional_body=True, **_TRAIT),
    Route("DELETE", f"{_TRAITS}/{{trait}}", remove_trait, **_TRAIT),
)

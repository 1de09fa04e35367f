"""POST /servers/{id}/action: the verbs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Struct
from starlette.responses import Response

from unkai.compute.actions.console_output import console_output
from unkai.compute.actions.delete_server import delete_server
from unkai.compute.actions.find_server import own_server
from unkai.compute.actions.lock_server import lock_server, unlock_server
from unkai.compute.actions.pause_server import (
    pause_server,
    resume_server,
    suspend_server,
    unpause_server,
)
from unkai.compute.actions.reboot_server import reboot_server
from unkai.compute.actions.rebuild_server import RebuildRequest, rebuild_server
from unkai.compute.actions.reset_state import reset_state
from unkai.compute.actions.start_server import start_server
from unkai.compute.actions.stop_server import stop_server
from unkai.compute.api import shapes
from unkai.compute.api.server_bodies import (
    Rebuild,
    check_hostname,
    check_user_data,
    refuse_certificates,
    refuse_personality,
)
from unkai.compute.api.servers import changed_values, changed_view, new_password
from unkai.compute.service import Compute
from unkai.compute.states import VmState, refusal
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route, since
from unkai.kit.http.versions import encode

PATH = "/servers/{server_id}/action"


class Reboot(Struct, forbid_unknown_fields=True):
    type: str


class Lock(Struct, forbid_unknown_fields=True):
    locked_reason: Annotated[
        Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None, since("2.73")
    ] = None


class ConsoleOutput(Struct, forbid_unknown_fields=True):
    length: int | str | None = None


class ResetState(Struct, forbid_unknown_fields=True):
    state: str


Verb = Callable[..., Awaitable[Any]]


def _plain(verb: Verb) -> Callable[[Call], Awaitable[None]]:
    """A verb that takes nothing and answers nothing."""

    async def handler(call: Call) -> None:
        await verb(call.service, call.caller, call.params["server_id"], request_id=call.request_id)

    return handler


async def reboot(call: Call) -> None:
    body: Reboot = call.body
    kind = body.type.upper()
    if kind not in ("SOFT", "HARD"):
        raise BadRequest(f"Invalid input for field/attribute type. Value: {body.type}.")
    await reboot_server(
        call.service,
        call.caller,
        call.params["server_id"],
        soft=kind == "SOFT",
        request_id=call.request_id,
    )


async def lock(call: Call) -> None:
    body: Lock | None = call.body
    await lock_server(
        call.service,
        call.caller,
        call.params["server_id"],
        body.locked_reason if body else None,
        request_id=call.request_id,
    )


async def get_console_output(call: Call) -> dict[str, str]:
    body: ConsoleOutput = call.body
    length = body.length
    if isinstance(length, str):
        if not length.strip().removeprefix("-").isdigit() or len(length) > 9:
            raise BadRequest(f"Invalid input for field/attribute length. Value: {length}.")
        length = int(length)
    if length is not None and length < -1:
        raise BadRequest(f"Invalid input for field/attribute length. Value: {length}.")
    text = await console_output(
        call.service, call.caller, call.params["server_id"], None if length == -1 else length
    )
    return {"output": text}


async def rebuild(call: Call) -> Response:
    compute: Compute = call.service
    body: Rebuild = call.body
    refuse_personality(body.personality)
    refuse_certificates(body.trusted_image_certificates)
    check_hostname(call, body.hostname)
    shapes.switch(body.preserve_ephemeral, "preserve_ephemeral")
    try:
        image_id = msgspec.convert(body.imageRef, shapes.Uuid)
    except msgspec.ValidationError as error:
        raise BadRequest("Invalid imageRef provided.", code="image-missing") from error
    values = changed_values(body)
    if body.user_data is not UNSET:
        values["user_data"] = check_user_data(body.user_data)
    asked = RebuildRequest(
        image_id=image_id,
        values=values,
        metadata=None if body.metadata is UNSET else dict(body.metadata),
        key_name=None if body.key_name is UNSET else body.key_name,
        keep_key=body.key_name is UNSET,
        reimage=call.at_least("2.93"),
    )
    server = await rebuild_server(
        compute, call.caller, call.params["server_id"], asked, request_id=call.request_id
    )
    shown = msgspec.json.decode(encode(await changed_view(call, server), call.version))
    shown["server"]["adminPass"] = body.adminPass or new_password(compute)
    if call.at_least("2.54"):
        shown["server"]["key_name"] = server.key_name
    if call.at_least("2.57"):
        shown["server"]["user_data"] = server.user_data
        shown["server"].pop("OS-EXT-SRV-ATTR:user_data", None)
    return Response(
        msgspec.json.encode(shown),
        status_code=202,
        media_type="application/json",
        headers={"Location": f"{call.url}/servers/{server.id}"},
    )


async def set_state(call: Call) -> None:
    body: ResetState = call.body
    if body.state not in ("active", "error"):
        raise BadRequest(f"Invalid input for field/attribute state. Value: {body.state}.")
    await reset_state(call.service, call.caller, call.params["server_id"], VmState(body.state))


async def restore(call: Call) -> None:
    """Deleted servers are gone at once, so there is never one to restore."""
    compute: Compute = call.service
    reader = compute.kit.database.reader
    server = await own_server(reader, call.caller, call.params["server_id"])
    raise refusal("restore", server.id, "vm_state", server.vm_state)


async def inject_network_info(call: Call) -> None:
    """Guests learn their network by DHCP and metadata at any time: nothing to inject."""
    compute: Compute = call.service
    await own_server(compute.kit.database.reader, call.caller, call.params["server_id"])


def _not_built(what: str) -> Callable[[Call], Awaitable[None]]:
    """A verb that this cloud does not know yet: a clear refusal, after the usual checks."""

    async def handler(call: Call) -> None:
        compute: Compute = call.service
        await own_server(compute.kit.database.reader, call.caller, call.params["server_id"])
        raise BadRequest(
            f"Servers cannot be {what} in this cloud yet.",
            code="not-built",
            remedy="`GET /unkai/v1/capabilities` says what is there.",
        )

    return handler


def _route(action: str, handler: Any, policy: str, **more: Any) -> Route:
    return Route(
        "POST",
        PATH,
        handler,
        policy=f"os_compute_api:{policy}",
        action=action,
        status=more.pop("status", 202),
        **more,
    )


_ABSENT = (
    ("resize", "resized", "servers:resize"),
    ("confirmResize", "resized", "servers:confirm_resize"),
    ("revertResize", "resized", "servers:revert_resize"),
    ("migrate", "migrated", "os-migrate-server:migrate"),
    ("os-migrateLive", "migrated", "os-migrate-server:migrate_live"),
    ("evacuate", "evacuated", "os-evacuate"),
    ("shelve", "shelved", "os-shelve:shelve"),
    ("shelveOffload", "shelved", "os-shelve:shelve_offload"),
    ("unshelve", "unshelved", "os-shelve:unshelve"),
    ("rescue", "rescued", "os-rescue"),
    ("unrescue", "unrescued", "os-unrescue"),
    ("createImage", "made into images", "servers:create_image"),
    ("createBackup", "backed up", "os-create-backup"),
    ("changePassword", "given a new password", "os-admin-password"),
)

ROUTES = (
    _route("os-start", _plain(start_server), "servers:start"),
    _route("os-stop", _plain(stop_server), "servers:stop"),
    _route("reboot", reboot, "servers:reboot", body=Reboot),
    _route("pause", _plain(pause_server), "os-pause-server:pause"),
    _route("unpause", _plain(unpause_server), "os-pause-server:unpause"),
    _route("suspend", _plain(suspend_server), "os-suspend-server:suspend"),
    _route("resume", _plain(resume_server), "os-suspend-server:resume"),
    _route("lock", lock, "os-lock-server:lock", body=Lock | None),
    _route("unlock", _plain(unlock_server), "os-lock-server:unlock"),
    _route("rebuild", rebuild, "servers:rebuild", body=Rebuild),
    _route("os-resetState", set_state, "os-admin-actions:reset_state", body=ResetState),
    _route(
        "os-getConsoleOutput",
        get_console_output,
        "os-console-output",
        body=ConsoleOutput,
        status=200,
    ),
    _route("forceDelete", _plain(delete_server), "os-deferred-delete:force"),
    _route("restore", restore, "os-deferred-delete:restore"),
    _route("injectNetworkInfo", inject_network_info, "os-admin-actions:inject_network_info"),
    *(_route(name, _not_built(what), policy) for name, what, policy in _ABSENT),
)

"""PUT /nodes/{id}/states/provision: the verbs, and which words go with which of them."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.provision import provision
from unkai.baremetal.actions.rights import require
from unkai.baremetal.actions.use_runbook import runbook_steps
from unkai.baremetal.api.asked import boolean, ident, need
from unkai.baremetal.model import State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import verb
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

_VERBS_SINCE = {
    "manage": "1.4",
    "provide": "1.4",
    "inspect": "1.6",
    "abort": "1.13",
    "clean": "1.15",
    "adopt": "1.17",
    "rescue": "1.38",
    "unrescue": "1.38",
    "deploy": "1.73",
    "undeploy": "1.73",
    "unhold": "1.85",
    "service": "1.87",
}
_INPUT = ("clean_steps", "deploy_steps", "service_steps")
_INFO = ("configdrive", "rescue_password")
"""What the work on the machine reads from instance_info."""
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_CLEAN_KINDS = ("vendor", "power", "management", "firmware", "deploy", "bios", "raid")


class ProvisionTarget(Struct, forbid_unknown_fields=True):
    target: str
    configdrive: dict[str, Any] | str | None = None
    clean_steps: list[dict[str, Any]] | None = None
    deploy_steps: list[dict[str, Any]] | None = None
    service_steps: list[dict[str, Any]] | None = None
    rescue_password: str | None = None
    disable_ramdisk: bool | str | None = None
    runbook: str | None = None


class _Step(Struct, forbid_unknown_fields=True):
    interface: str
    step: Annotated[str, Meta(min_length=1)]
    args: dict[str, Any] = {}
    order: int | str | None = None
    execute_on_child_nodes: bool | None = None
    limit_child_node_execution: list[str] | None = None


class _DeployStep(Struct, forbid_unknown_fields=True):
    interface: str
    step: Annotated[str, Meta(min_length=1)]
    args: dict[str, Any]
    priority: Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern=r"^[0-9]+$")]


class _ConfigDrive(Struct, forbid_unknown_fields=True):
    meta_data: dict[str, Any] = {}
    network_data: dict[str, Any] = {}
    user_data: dict[str, Any] | list[Any] | str | None = None
    vendor_data: dict[str, Any] = {}


async def put_provision(call: Call) -> None:
    body: ProvisionTarget = call.body
    baremetal: Baremetal = call.service
    node = await find_node(baremetal.kit.database.reader, call.caller, ident(call))
    require(call.caller, node, "baremetal:node:set_provision_state")
    if body.target in _VERBS_SINCE:
        need(call, _VERBS_SINCE[body.target])
    verb(body.target)
    if body.runbook is not None:
        need(call, "1.92")
        steps, without_ramdisk = await runbook_steps(
            baremetal, call.caller, node, body.runbook, by_trait=call.at_least("1.112")
        )
        body = _with_runbook(body, steps, without_ramdisk=without_ramdisk)
    _check_configdrive(call, body)
    _check_steps(call, body)
    _check_words(call, body, node.provision_state)
    given = {name: value for name in _INPUT if (value := getattr(body, name)) is not None}
    if body.disable_ramdisk is not None:
        given["disable_ramdisk"] = boolean("disable_ramdisk", body.disable_ramdisk)
    info = {name: value for name in _INFO if (value := getattr(body, name)) is not None}
    await provision(
        baremetal,
        call.caller,
        node.uuid,
        body.target,
        request_id=call.request_id,
        input=given,
        instance_info=info,
    )
    call.headers["Location"] = f"{call.url}/nodes/{node.uuid}/states"


def _with_runbook(
    body: ProvisionTarget, steps: list[dict[str, Any]], *, without_ramdisk: bool
) -> ProvisionTarget:
    field = {"clean": "clean_steps", "service": "service_steps"}.get(body.target)
    if field is None:
        raise BadRequest(
            "A runbook is only valid when setting target provision state to clean or service."
        )
    if getattr(body, field):
        raise BadRequest(f'Please provide either "{field}" or a runbook, but not both.')
    return msgspec.structs.replace(body, **{field: steps, "disable_ramdisk": without_ramdisk})


def _check_configdrive(call: Call, body: ProvisionTarget) -> None:
    drive = body.configdrive
    if not drive:
        return
    targets = ["active", *(["rebuild"] if call.at_least("1.35") else [])]
    if body.target not in targets:
        raise BadRequest(
            "Adding a config drive is only supported when setting provision state to "
            f"{', '.join(targets)}."
        )
    if isinstance(drive, str):
        if "://" not in drive and not _BASE64.fullmatch(drive):
            raise BadRequest(
                "Invalid configdrive format: it is neither a JSON, nor a URL, nor a base64 string."
            )
        return
    if not call.at_least("1.56"):
        raise BadRequest(
            "Providing a JSON object for configdrive is only supported starting with API version "
            "1.56."
        )
    if "vendor_data" in drive and not call.at_least("1.59"):
        raise BadRequest(
            "Providing vendor_data in configdrive is only supported starting with API version 1.59."
        )
    _shaped("configdrive", drive, _ConfigDrive)


def _shaped(name: str, value: Any, shape: Any) -> Any:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Invalid {name}: {error}.", code="invalid-body") from error


def _check_steps(call: Call, body: ProvisionTarget) -> None:
    if body.deploy_steps:
        need(call, "1.69")
        if body.target not in ("active", "rebuild"):
            raise BadRequest(
                '"deploy_steps" is only valid when setting target provision state to active or '
                "rebuild."
            )
        for one in cast(
            "list[_DeployStep]", _shaped("deploy_steps", body.deploy_steps, list[_DeployStep])
        ):
            _check_kind("deploy_steps", one.interface, _CLEAN_KINDS)
    for target in ("clean", "service"):
        name = f"{target}_steps"
        steps = getattr(body, name)
        if steps and body.target != target:
            raise BadRequest(
                f'"{name}" is only valid when setting target provision state to {target}.'
            )
        if not steps and body.target == target:
            raise BadRequest(
                f'"{name}" is required when setting target provision state to {target}.'
            )
        for one in cast("list[_Step]", _shaped(name, steps or [], list[_Step])):
            _check_kind(name, one.interface, _CLEAN_KINDS)


def _check_kind(name: str, kind: str, kinds: tuple[str, ...]) -> None:
    if kind not in kinds:
        raise BadRequest(f"Invalid {name}: {kind!r} is not one of {', '.join(kinds)}.")


def _check_words(call: Call, body: ProvisionTarget, state: str) -> None:
    """What goes with rescue, abort, and cleaning without a ramdisk."""
    if body.rescue_password is not None and body.target != "rescue":
        raise BadRequest(
            '"rescue_password" is only valid when setting target provision state to rescue.'
        )
    if body.target == "rescue" and not (body.rescue_password or "").strip():
        raise BadRequest(
            'A non-empty "rescue_password" is required when setting target provision state to '
            "rescue."
        )
    if body.target == "abort" and state == State.INSPECT_WAIT:
        need(call, "1.41")
    if body.target == "abort" and state == State.DEPLOY_WAIT:
        need(call, "1.110")
    if body.disable_ramdisk is None:
        return
    since = {"clean": "1.70", "service": "1.108"}.get(body.target)
    if since is None:
        raise BadRequest("disable_ramdisk is supported only with manual cleaning or servicing.")
    need(call, since)


ROUTES = (
    Route(
        "PUT",
        "/nodes/{node_ident}/states/provision",
        put_provision,
        policy="baremetal:node:set_provision_state",
        body=ProvisionTarget,
        status=202,
    ),
)

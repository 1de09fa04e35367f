"""/os-quota-sets and /os-quota-class-sets: limits of projects, and of those without their own."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from unkai.compute.actions import quotas as actions
from unkai.compute.api.paging import check_known
from unkai.compute.api.shapes import Switch, switch
from unkai.compute.service import Compute
from unkai.compute.store import quotas
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.http import Call, Route, since

Limit = Annotated[int, Meta(ge=-1, le=2**31 - 1)] | UnsetType
ALWAYS = ("instances", "cores", "ram", "metadata_items", "key_pairs")
NETWORK = ("fixed_ips", "floating_ips", "security_groups", "security_group_rules")
FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
GROUPS = ("server_groups", "server_group_members")


class Limits(Struct, forbid_unknown_fields=True):
    instances: Limit = UNSET
    cores: Limit = UNSET
    ram: Limit = UNSET
    metadata_items: Limit = UNSET
    key_pairs: Limit = UNSET
    server_groups: Limit = UNSET
    server_group_members: Limit = UNSET
    fixed_ips: Annotated[Limit, since("2.1", until="2.35")] = UNSET
    floating_ips: Annotated[Limit, since("2.1", until="2.35")] = UNSET
    security_groups: Annotated[Limit, since("2.1", until="2.35")] = UNSET
    security_group_rules: Annotated[Limit, since("2.1", until="2.35")] = UNSET
    injected_files: Annotated[Limit, since("2.1", until="2.56")] = UNSET
    injected_file_content_bytes: Annotated[Limit, since("2.1", until="2.56")] = UNSET
    injected_file_path_bytes: Annotated[Limit, since("2.1", until="2.56")] = UNSET


class QuotaSet(Limits, forbid_unknown_fields=True):
    force: Switch = False
    tenant_id: str | None = None


class UpdateQuotaSet(Struct, forbid_unknown_fields=True):
    quota_set: QuotaSet


class UpdateQuotaClass(Struct, forbid_unknown_fields=True):
    quota_class_set: Limits


def resources(call: Call, *, of_class: bool = False) -> list[str]:
    """The limits that this version speaks of; the class has groups only from 2.50 on."""
    names: list[str] = [*ALWAYS]
    class_networks = of_class and not call.at_least("2.50")
    if not call.at_least("2.36") or class_networks:
        names += NETWORK
    if not call.at_least("2.57"):
        names += FILES
    if not of_class or call.at_least("2.50"):
        names += GROUPS
    return names


def _given(body: Limits) -> dict[str, int]:
    return {
        name: value
        for name, value in asdict(body).items()
        if isinstance(value, int) and name in quotas.DEFAULT_LIMITS | quotas.OLD_LIMITS
    }


def _project(call: Call) -> str:
    """The project asked about; Forbidden if it is not the caller's to see."""
    project_id = call.params["project_id"]
    if not call.caller.may_see(project_id):
        raise Forbidden(f"Policy doesn't allow {call.route.policy} to be performed.", code="policy")
    return project_id


async def _limits(call: Call, project_id: str) -> dict[str, int]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    check_known(call, ("user_id",))
    user_id = call.request.query_params.get("user_id")
    if call.caller.is_admin:
        await actions.check_project(compute, session, project_id)
    return await quotas.limits_of(session, project_id, user_id)


async def show_quota_set(call: Call) -> dict[str, Any]:
    project_id = _project(call)
    limits = await _limits(call, project_id)
    return {"quota_set": {"id": project_id, **{one: limits[one] for one in resources(call)}}}


async def show_quota_set_detail(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    project_id = _project(call)
    limits = await _limits(call, project_id)
    used = await quotas.used_by(compute.kit.database.reader, project_id)
    shown = {
        one: {"limit": limits[one], "in_use": used.get(one, 0), "reserved": 0}
        for one in resources(call)
    }
    return {"quota_set": {"id": project_id, **shown}}


async def show_defaults(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    project_id = call.params["project_id"]
    limits = await quotas.limits_of(compute.kit.database.reader, quotas.DEFAULT_PROJECT)
    return {"quota_set": {"id": project_id, **{one: limits[one] for one in resources(call)}}}


async def update_quota_set(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    project_id = call.params["project_id"]
    body: QuotaSet = call.body.quota_set
    check_known(call, ("user_id",))
    user_id = call.request.query_params.get("user_id")
    given, force = _given(body), switch(body.force, "force")
    if user_id is not None and GROUPS[1] in given:
        raise BadRequest("server_group_members is a limit of projects, not of users.")

    async def write(tx: Tx) -> dict[str, int]:
        await actions.check_project(compute, tx, project_id)
        return await actions.set_quotas(
            compute, tx, project_id, given, user_id=user_id, force=force
        )

    limits = await compute.kit.database.transact(write)
    return {"quota_set": {one: limits[one] for one in resources(call)}}


async def delete_quota_set(call: Call) -> None:
    compute: Compute = call.service
    project_id, user_id = call.params["project_id"], call.request.query_params.get("user_id")
    await compute.kit.database.transact(
        lambda tx: actions.delete_quotas(compute, tx, project_id, user_id)
    )


async def show_quota_class_set(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    limits = await quotas.limits_of(compute.kit.database.reader, quotas.DEFAULT_PROJECT)
    shown = {one: limits[one] for one in resources(call, of_class=True)}
    return {"quota_class_set": {"id": call.params["class_name"], **shown}}


async def update_quota_class_set(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    if call.params["class_name"] != quotas.DEFAULT_PROJECT:
        raise BadRequest("There is one quota class, called default.")
    given = _given(call.body.quota_class_set)

    async def write(tx: Tx) -> dict[str, int]:
        return await actions.set_class_quotas(compute, tx, given)

    limits = await compute.kit.database.transact(write)
    return {"quota_class_set": {one: limits[one] for one in resources(call, of_class=True)}}


_ONE = "/os-quota-sets/{project_id}"
_CLASS = "/os-quota-class-sets/{class_name}"
_P = "os_compute_api:os-quota-sets"
_C = "os_compute_api:os-quota-class-sets"
ROUTES = (
    Route("GET", _ONE, show_quota_set, policy=f"{_P}:show"),
    Route("GET", f"{_ONE}/detail", show_quota_set_detail, policy=f"{_P}:detail"),
    Route("GET", f"{_ONE}/defaults", show_defaults, policy=f"{_P}:defaults"),
    Route("PUT", _ONE, update_quota_set, policy=f"{_P}:update", body=UpdateQuotaSet, lax=True),
    Route("DELETE", _ONE, delete_quota_set, policy=f"{_P}:delete", status=202),
    Route("GET", _CLASS, show_quota_class_set, policy=f"{_C}:show"),
    Route(
        "PUT",
        _CLASS,
        update_quota_class_set,
        policy=f"{_C}:update",
        body=UpdateQuotaClass,
        lax=True,
    ),
)

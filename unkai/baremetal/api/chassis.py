"""/chassis: what nodes stand in."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from unkai.baremetal.actions.find_below import check_unique
from unkai.baremetal.api import nodes
from unkai.baremetal.api.asked import ident
from unkai.baremetal.api.bodies import Object, Text, Uuid, after_patch, checked_uuid
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.model import Chassis
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.chassis import CHASSIS, holds_nodes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

SHAPE = Shape[Chassis](
    "chassis",
    {"description": "1.1", "extra": "1.1"},
    ("uuid", "description"),
    below={"nodes": "1.1"},
)


class ChassisFields(Struct, forbid_unknown_fields=True, kw_only=True):
    description: Text | None = None
    extra: Object = None


class NewChassis(ChassisFields):
    uuid: Uuid | None = None


class ChangedChassis(ChassisFields):
    """What can be changed."""


async def post_chassis(call: Call) -> dict[str, Any]:
    body: NewChassis = call.body
    kit = call.service.kit
    made = Chassis(
        uuid=body.uuid.lower() if body.uuid else kit.chance.uuid(),
        description=body.description,
        extra=body.extra or {},
        created_at=kit.clock.now(),
    )

    async def write(tx: Tx) -> None:
        await check_unique(tx, CHASSIS, {"uuid": made.uuid}, noun="chassis")
        await CHASSIS.add(tx, made)

    await kit.database.transact(write)
    return SHAPE.made(call, made)


async def list_chassis(call: Call) -> dict[str, Any]:
    return await SHAPE.list(call, call.service.kit.database.reader, CHASSIS)


async def list_chassis_detail(call: Call) -> dict[str, Any]:
    return await SHAPE.list(call, call.service.kit.database.reader, CHASSIS, detail=True)


async def _find(call: Call, session: Session) -> Chassis:
    uuid = checked_uuid(ident(call, "chassis_uuid"), "a chassis")
    found = await CHASSIS.get(session, uuid)
    if found is None:
        raise NotFound(f"Chassis {uuid} could not be found.", code="chassis-unknown")
    return found


async def show_chassis(call: Call) -> dict[str, Any]:
    found = await _find(call, call.service.kit.database.reader)
    return SHAPE.show(call, found, SHAPE.asked(call))


async def patch_chassis(call: Call) -> dict[str, Any]:
    patch: Patch = call.body
    baremetal: Baremetal = call.service

    async def write(tx: Tx) -> Chassis:
        found = await _find(call, tx)
        said = after_patch(found, patch, ChangedChassis)
        now = baremetal.kit.clock.now()
        values = {"description": said.description, "extra": said.extra or {}, "updated_at": now}
        await CHASSIS.change(tx, found.uuid, **values)
        return structs.replace(found, **values)

    return SHAPE.show(call, await baremetal.kit.database.transact(write))


async def remove_chassis(call: Call) -> None:
    async def write(tx: Tx) -> None:
        found = await _find(call, tx)
        if await holds_nodes(tx, found.uuid):
            raise BadRequest(
                "Cannot complete the requested action because chassis "
                f"{found.uuid} contains nodes.",
                code="chassis-not-empty",
            )
        await CHASSIS.remove(tx, found.uuid)

    await call.service.kit.database.transact(write)


async def list_nodes(call: Call) -> dict[str, Any]:
    found = await _find(call, call.service.kit.database.reader)
    return await nodes.list_nodes(call, chassis_uuid=found.uuid)


async def list_nodes_detail(call: Call) -> dict[str, Any]:
    found = await _find(call, call.service.kit.database.reader)
    return await nodes.list_nodes_detail(call, chassis_uuid=found.uuid)


_ALL = "/chassis"
_ONE = f"{_ALL}/{{chassis_uuid}}"
_GET, _CREATE, _UPDATE, _DELETE = (
    f"baremetal:chassis:{verb}" for verb in ("get", "create", "update", "delete")
)
ROUTES = (
    Route("GET", _ALL, list_chassis, policy=_GET),
    Route("GET", f"{_ALL}/detail", list_chassis_detail, policy=_GET),
    Route("POST", _ALL, post_chassis, policy=_CREATE, body=NewChassis, status=201),
    Route("GET", _ONE, show_chassis, policy=_GET),
    Route("PATCH", _ONE, patch_chassis, policy=_UPDATE, body=Patch),
    Route("DELETE", _ONE, remove_chassis, policy=_DELETE, status=204),
    Route("GET", f"{_ONE}/nodes", list_nodes, policy="baremetal:node:list"),
    Route("GET", f"{_ONE}/nodes/detail", list_nodes_detail, policy="baremetal:node:list"),
)

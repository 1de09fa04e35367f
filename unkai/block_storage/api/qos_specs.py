"""/qos-specs, and which volume types have them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.block_storage.actions import qos_specs as actions
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import truth
from unkai.block_storage.api.shapes import Key
from unkai.block_storage.model import QosSpecs
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import qos, types
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

CONSUMERS = ("front-end", "back-end", "both")


class SaidSpecs(Struct, forbid_unknown_fields=True):
    qos_specs: dict[str, Any]


class Keys(Struct, forbid_unknown_fields=True):
    keys: list[Key]


def _said(call: Call) -> dict[str, str]:
    """Names and values as text; BadRequest for what is neither text nor a number."""
    found: dict[str, str] = {}
    for name, value in call.body.qos_specs.items():
        if not isinstance(value, str | int | float) or len(str(value)) > 255 or len(name) > 255:
            raise BadRequest(f"The value of {name[:80]} must be text or a number.")
        found[name] = str(value)
    return found


def _consumer(said: dict[str, str], otherwise: str | None) -> str | None:
    consumer = said.pop("consumer", otherwise)
    if consumer is not None and consumer not in CONSUMERS:
        raise BadRequest(f"Valid consumers of QoS specs are {', '.join(CONSUMERS)}.")
    return consumer


def _view(one: QosSpecs) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "consumer": one.consumer, "specs": dict(one.specs)}


async def list_qos(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    return {"qos_specs": [_view(one) for one in await qos.all_specs(block.kit.database.reader)]}


async def create_qos(call: Call) -> dict[str, Any]:
    said = _said(call)
    name = said.pop("name", "").strip()
    if not name:
        raise BadRequest("Please specify a name for QoS specs.")
    consumer = _consumer(said, "back-end")
    assert consumer is not None
    return _shown(call, await actions.create_qos(call.service, name, consumer, said))


async def show_qos(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    return _shown(call, await actions.find_qos(block.kit.database.reader, call.params["qos_id"]))


def _shown(call: Call, one: QosSpecs) -> dict[str, Any]:
    return {"qos_specs": _view(one), "links": listing.links(call, f"/qos-specs/{one.id}")}


async def set_keys(call: Call) -> dict[str, Any]:
    said = _said(call)
    told = dict(said)
    if not said:
        raise BadRequest("There are no specs in the body.", code="invalid-body")
    consumer = _consumer(said, None)
    await actions.set_keys(call.service, call.params["qos_id"], consumer, said)
    return {"qos_specs": told}


async def unset_keys(call: Call) -> None:
    await actions.unset_keys(call.service, call.params["qos_id"], call.body.keys)


async def delete_qos(call: Call) -> None:
    force = truth(call.request.query_params.get("force", "false"))
    await actions.delete_qos(call.service, call.params["qos_id"], force=force)


async def list_associations(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    found = await actions.find_qos(session, call.params["qos_id"])
    shown = [
        {"association_type": "volume_type", "id": one.id, "name": one.name}
        for one in await types.with_qos(session, found.id)
    ]
    return {"qos_associations": shown}


async def associate(call: Call) -> None:
    await actions.associate(call.service, call.params["qos_id"], _type_id(call))


async def disassociate(call: Call) -> None:
    await actions.disassociate(call.service, call.params["qos_id"], _type_id(call))


async def disassociate_all(call: Call) -> None:
    await actions.disassociate(call.service, call.params["qos_id"], None)


def _type_id(call: Call) -> str:
    type_id = call.request.query_params.get("vol_type_id")
    if not type_id:
        raise BadRequest("Volume Type id must not be None.")
    return type_id


_ONE = "/qos-specs/{qos_id}"
_P = "volume_extension:qos_specs_manage"
ROUTES = (
    Route("GET", "/qos-specs", list_qos, f"{_P}:get_all"),
    Route("POST", "/qos-specs", create_qos, f"{_P}:create", body=SaidSpecs),
    Route("GET", _ONE, show_qos, f"{_P}:get"),
    Route("PUT", _ONE, set_keys, f"{_P}:update", body=SaidSpecs),
    Route("DELETE", _ONE, delete_qos, f"{_P}:delete", status=202),
    Route("PUT", f"{_ONE}/delete_keys", unset_keys, f"{_P}:update", body=Keys, status=202),
    Route("GET", f"{_ONE}/associations", list_associations, f"{_P}:get_all"),
    Route("GET", f"{_ONE}/associate", associate, f"{_P}:update", status=202),
    Route("GET", f"{_ONE}/disassociate", disassociate, f"{_P}:update", status=202),
    Route("GET", f"{_ONE}/disassociate_all", disassociate_all, f"{_P}:update", status=202),
)

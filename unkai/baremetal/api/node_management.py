"""/nodes/{id}/management and /vmedia: what the BMC does at once."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from unkai.baremetal.actions import drive_machine
from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.rights import require
from unkai.baremetal.api.asked import boolean, ident, texts
from unkai.baremetal.api.links import links
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

MEDIA = ("disk", "cdrom", "floppy")
SCHEMES = ("http", "https", "nfs", "cifs", "smb")


class BootDevice(Struct, forbid_unknown_fields=True):
    boot_device: str
    persistent: bool | str = False


class IndicatorState(Struct, forbid_unknown_fields=True):
    state: str


class VirtualMedia(Struct, forbid_unknown_fields=True):
    device_type: Literal["disk", "cdrom", "floppy"]
    image_url: str
    image_download_source: Literal["http", "local", "swift"] = "local"


async def show_boot_device(call: Call) -> dict[str, Any]:
    device, lasting = await drive_machine.boot_device_of(call.service, call.caller, ident(call))
    return {"boot_device": device, "persistent": lasting}


async def list_boot_devices(call: Call) -> dict[str, Any]:
    found = await drive_machine.boot_devices_of(call.service, call.caller, ident(call))
    return {"supported_boot_devices": found}


async def put_boot_device(call: Call) -> None:
    body: BootDevice = call.body
    await _allowed(call, "baremetal:node:set_boot_device")
    lasting = boolean("persistent", body.persistent)
    await drive_machine.set_boot_device(
        call.service, call.caller, ident(call), body.boot_device, persistent=lasting
    )


async def put_nmi(call: Call) -> None:
    await drive_machine.inject_nmi(call.service, call.caller, ident(call))


async def list_indicators(call: Call) -> dict[str, Any]:
    uuid, found = await drive_machine.indicators_of(call.service, call.caller, ident(call))
    shown = [
        {
            "name": f"{name}@{component}",
            "component": component,
            **light,
            "links": links(call, "nodes", uuid, "management", "indicators", f"{name}@{component}"),
        }
        for component, names in found.items()
        for name, light in names.items()
    ]
    return {"indicators": shown}


async def show_indicator(call: Call) -> dict[str, Any]:
    light = call.params["indicator"]
    return {
        "state": await drive_machine.indicator_of(call.service, call.caller, ident(call), light)
    }


async def put_indicator(call: Call) -> None:
    body: IndicatorState = call.body
    light = call.params["indicator"]
    await drive_machine.set_indicator(call.service, call.caller, ident(call), light, body.state)


async def _allowed(call: Call, rule: str) -> None:
    """Whose node it is comes before what is wrong with the request."""
    baremetal: Baremetal = call.service
    node = await find_node(baremetal.kit.database.reader, call.caller, ident(call))
    require(call.caller, node, rule)


async def show_media(call: Call) -> list[dict[str, Any]]:
    return await drive_machine.media_of(call.service, call.caller, ident(call))


async def post_media(call: Call) -> None:
    body: VirtualMedia = call.body
    await _allowed(call, "baremetal:node:vmedia:attach")
    scheme = urlsplit(body.image_url).scheme
    if scheme not in SCHEMES:
        raise BadRequest(f"Unsupported or missing URL scheme: {scheme or 'none'}.")
    who = call.caller
    await drive_machine.insert_media(
        call.service, who, ident(call), body.device_type, body.image_url
    )


async def remove_media(call: Call) -> None:
    await _allowed(call, "baremetal:node:vmedia:detach")
    devices = texts(call, "device_types")
    wrong = [one for one in devices or [] if one not in MEDIA]
    if wrong:
        raise BadRequest(
            f"Invalid device type(s) {', '.join(wrong)} (valid are {', '.join(MEDIA)})"
        )
    await drive_machine.eject_media(call.service, call.caller, ident(call), devices)


_NODE = "/nodes/{node_ident}"
_DEVICE = f"{_NODE}/management/boot_device"
_LIGHTS = f"{_NODE}/management/indicators"
ROUTES = (
    Route("GET", _DEVICE, show_boot_device, policy="baremetal:node:get_boot_device"),
    Route(
        "PUT",
        _DEVICE,
        put_boot_device,
        policy="baremetal:node:set_boot_device",
        body=BootDevice,
        status=204,
    ),
    Route(
        "GET", f"{_DEVICE}/supported", list_boot_devices, policy="baremetal:node:get_boot_device"
    ),
    Route(
        "PUT",
        f"{_NODE}/management/inject_nmi",
        put_nmi,
        policy="baremetal:node:inject_nmi",
        status=204,
        since="1.29",
    ),
    Route("GET", _LIGHTS, list_indicators, policy="baremetal:node:get_indicator_state"),
    Route(
        "GET",
        f"{_LIGHTS}/{{indicator}}",
        show_indicator,
        policy="baremetal:node:get_indicator_state",
    ),
    Route(
        "PUT",
        f"{_LIGHTS}/{{indicator}}",
        put_indicator,
        policy="baremetal:node:set_indicator_state",
        body=IndicatorState,
        status=204,
    ),
    Route("GET", f"{_NODE}/vmedia", show_media, policy="baremetal:node:vmedia:get", since="1.93"),
    Route(
        "POST",
        f"{_NODE}/vmedia",
        post_media,
        policy="baremetal:node:vmedia:attach",
        body=VirtualMedia,
        status=204,
        since="1.89",
    ),
    Route(
        "DELETE",
        f"{_NODE}/vmedia",
        remove_media,
        policy="baremetal:node:vmedia:detach",
        status=204,
        since="1.89",
    ),
)

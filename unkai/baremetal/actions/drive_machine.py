"""What is asked of a machine's BMC at once, outside the database: boot device, NMI, media, lights.

Reading waits for nobody; a change is refused while work is under way on the node.
"""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.find_node import free_node, permitted_node
from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.indicators import Indicators
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller

_RULE = "baremetal:node:"


async def _seen(baremetal: Baremetal, caller: Caller, ident: str, rule: str) -> Node:
    session = baremetal.kit.database.reader
    return await permitted_node(session, caller, ident, f"{_RULE}{rule}")


async def _free(baremetal: Baremetal, caller: Caller, ident: str, rule: str) -> Node:
    session = baremetal.kit.database.reader
    return await free_node(baremetal, session, caller, ident, f"{_RULE}{rule}")


async def boot_device_of(
    baremetal: Baremetal, caller: Caller, ident: str
) -> tuple[str | None, bool | None]:
    """(device, persistent)."""
    node = await _seen(baremetal, caller, ident, "get_boot_device")
    management = baremetal.management(node)
    management.validate(node)
    return await management.get_boot_device(node)


async def boot_devices_of(baremetal: Baremetal, caller: Caller, ident: str) -> list[str]:
    node = await _seen(baremetal, caller, ident, "get_boot_device")
    return list(baremetal.management(node).supported_boot_devices(node))


async def set_boot_device(
    baremetal: Baremetal, caller: Caller, ident: str, device: str, *, persistent: bool
) -> None:
    node = await _free(baremetal, caller, ident, "set_boot_device")
    management = baremetal.management(node)
    management.validate(node)
    supported = management.supported_boot_devices(node)
    if device not in supported:
        raise BadRequest(
            f"Invalid boot device {device} specified; supported are {', '.join(supported)}.",
            code="boot-device",
        )
    await management.set_boot_device(node, device, persistent=persistent)


async def inject_nmi(baremetal: Baremetal, caller: Caller, ident: str) -> None:
    node = await _free(baremetal, caller, ident, "inject_nmi")
    management = baremetal.management(node)
    management.validate(node)
    await management.inject_nmi(node)


async def media_of(baremetal: Baremetal, caller: Caller, ident: str) -> list[dict[str, Any]]:
    node = await _seen(baremetal, caller, ident, "vmedia:get")
    return await baremetal.management(node).list_media(node)


async def insert_media(
    baremetal: Baremetal, caller: Caller, ident: str, device: str, url: str
) -> None:
    node = await _free(baremetal, caller, ident, "vmedia:attach")
    management = baremetal.management(node)
    management.validate(node)
    await management.insert_media(node, device, url)


async def eject_media(
    baremetal: Baremetal, caller: Caller, ident: str, devices: list[str] | None
) -> None:
    """devices: None for all."""
    node = await _free(baremetal, caller, ident, "vmedia:detach")
    management = baremetal.management(node)
    for device in devices or [None]:
        await management.eject_media(node, device)


def _indicators(baremetal: Baremetal, node: Node) -> Indicators:
    found = baremetal.drivers.indicators.get(node.interface("management"))
    if found is None:
        raise unsupported(node, "get_supported_indicators")
    return found


async def indicators_of(
    baremetal: Baremetal, caller: Caller, ident: str
) -> tuple[str, dict[str, dict[str, Any]]]:
    """(the node's uuid, component to name to what the light can do)."""
    node = await _seen(baremetal, caller, ident, "get_indicator_state")
    return node.uuid, _indicators(baremetal, node).supported(node)


async def indicator_of(baremetal: Baremetal, caller: Caller, ident: str, light: str) -> str:
    """light: its name, an @ and its component."""
    node = await _seen(baremetal, caller, ident, "get_indicator_state")
    lights = _indicators(baremetal, node)
    component, name, _ = _light(lights, node, light)
    return await lights.read(node, component, name)


async def set_indicator(
    baremetal: Baremetal, caller: Caller, ident: str, light: str, state: str
) -> None:
    node = await _free(baremetal, caller, ident, "set_indicator_state")
    lights = _indicators(baremetal, node)
    component, name, able = _light(lights, node, light)
    states: list[str] = able["states"]
    if state not in states:
        raise BadRequest(
            f"The indicator {light} can not be {state}, only {', '.join(states)}.",
            code="indicator-state",
        )
    await lights.switch(node, component, name, state)


def _light(lights: Indicators, node: Node, light: str) -> tuple[str, str, dict[str, Any]]:
    name, _, component = light.partition("@")
    found = lights.supported(node).get(component, {}).get(name)
    if found is None:
        raise BadRequest(f'There is no indicator "{light}".', code="indicator-unknown")
    return component, name, found

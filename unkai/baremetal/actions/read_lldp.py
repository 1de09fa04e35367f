"""What the switches said to a machine's NICs (LLDP), in our words.

An inventory has it as ironic-python-agent tells it: of each NIC a list of [type, value in
hexadecimal]. It comes from a machine, and before that from its neighbours: what is no LLDP is left
out. Which of our switches a neighbour is, the network interface knows; one that it does not know is
called as it calls itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import Fault
from unkai.kit.log import log

_CHASSIS, _PORT, _PORT_WORDS, _SYSTEM, _SYSTEM_WORDS = 1, 2, 4, 5, 6
_CHASSIS_MAC, _PORT_MAC = 4, 3
_PORT_NAMES: Final = (1, 5, 7)
"""Subtypes whose value is a text: alias, interface name, locally assigned."""
_CHASSIS_NAMES: Final = (1, 2, 3, 6, 7)
_TEXTS: Final = {
    _PORT_WORDS: "switch_port_description",
    _SYSTEM: "switch_system_name",
    _SYSTEM_WORDS: "switch_system_description",
}


def parse_lldp(told: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By NIC's name: switch_chassis_id, switch_port_id, switch_system_name, ..."""
    found = {str(nic.get("name")): neighbour_of(nic) for nic in _interfaces(told)}
    return {name: words for name, words in found.items() if words}


def neighbour_of(nic: dict[str, Any]) -> dict[str, str]:
    """What one NIC heard; empty for nothing."""
    words: dict[str, str] = {}
    for kind, value in _values(nic.get("lldp")):
        if kind == _CHASSIS:
            said = _identifier(value, _CHASSIS_MAC, _CHASSIS_NAMES)
            name = "switch_chassis_id"
        elif kind == _PORT:
            said, name = _identifier(value, _PORT_MAC, _PORT_NAMES), "switch_port_id"
        else:
            said, name = _text(value), _TEXTS.get(kind, "")
        if said and name:
            words.setdefault(name, said)
    return words


async def links_told(
    baremetal: Baremetal, node: Node, told: dict[str, Any]
) -> dict[str, dict[str, str]]:
    """By MAC, what a port's local_link_connection is: switch_id, port_id, switch_info."""
    found: dict[str, dict[str, str]] = {}
    for nic in _interfaces(told):
        words = neighbour_of(nic)
        switch, port = words.get("switch_chassis_id"), words.get("switch_port_id")
        if not switch or not port or not nic.get("mac_address"):
            continue
        link = {"switch_id": switch, "port_id": port}
        called = await _called(baremetal, node, switch, port) or words.get("switch_system_name")
        found[str(nic["mac_address"]).lower()] = link | ({"switch_info": called} if called else {})
    return found


async def _called(baremetal: Baremetal, node: Node, switch: str, port: str) -> str | None:
    try:
        return await baremetal.wires(node).switch_called(switch, port)
    except Fault as fault:  # a switch that is away keeps no machine from being inspected
        log.info("baremetal.switch_unknown", node=node.uuid, switch=switch, error=fault.message)
        return None


def _interfaces(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    interfaces: Any = told.get("interfaces")
    if isinstance(interfaces, list):
        for nic in cast("list[Any]", interfaces):
            if isinstance(nic, dict):
                yield cast("dict[str, Any]", nic)


def _values(lldp: Any) -> Iterator[tuple[int, bytes]]:
    if not isinstance(lldp, list):
        return
    for one in cast("list[Any]", lldp):
        match one:
            case [int() as kind, str() as value]:
                try:
                    yield kind, bytes.fromhex(value)
                except ValueError:
                    continue
            case _:
                continue


def _identifier(value: bytes, mac: int, names: tuple[int, ...]) -> str | None:
    kind, rest = value[0] if value else 0, value[1:]
    if kind == mac and len(rest) == 6:
        return rest.hex(":")
    return _text(rest) if kind in names else None


def _text(value: bytes) -> str | None:
    try:
        text = value.decode().strip("\0 ")
    except UnicodeDecodeError:
        return None
    return text if text and text.isprintable() else None

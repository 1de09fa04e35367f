"""What is asked of a switch: that one of its ports is on one VLAN, untagged, or on none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from unkai.kit.errors import BadRequest


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A port of a switch. switch: its name in the settings ("switch_info" of a port)."""

    switch: str
    port: str


@dataclass(frozen=True, slots=True)
class Use:
    """What a switch port is used for: its VLAN and the node it was set for."""

    vlan: int
    node_id: str


def link_of(connection: Mapping[str, Any]) -> Link | None:
    """The switch port of a `local_link_connection`; None where it names none of ours.

    A switch that has only an id is one that a machine heard of and nobody here knows. BadRequest
    (code "local-link") where it names half of one.
    """
    switch, port = connection.get("switch_info"), connection.get("port_id")
    if not switch and (not port or connection.get("switch_id")):
        return None
    if not isinstance(switch, str) or not isinstance(port, str) or not switch or not port:
        raise BadRequest(
            "local_link_connection must have switch_info and port_id, or neither.",
            code="local-link",
        )
    return Link(switch, port)


class Switch(Protocol):
    """Every call may be repeated.

    Unavailable (code "switch-unreachable") where none answers, NotFound (code
    "switch-port-not-found") where there is no such switch or port.
    """

    async def set_vlan(self, link: Link, vlan: int | None, node_id: str) -> None:
        """Put a port on a VLAN; None: on the physical network itself, without one."""
        ...

    async def park(self, link: Link) -> None:
        """Take a port off every network: it reaches nobody."""
        ...

    async def uses(self) -> dict[Link, Use]:
        """Every port that was put on a VLAN and not parked since."""
        ...

    async def called(self, switch_id: str, port: str) -> str | None:
        """Our name of the switch that calls itself (LLDP's chassis id) and a port so."""
        ...

    async def close(self) -> None: ...

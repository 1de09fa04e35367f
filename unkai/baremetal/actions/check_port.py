"""What must hold for a port in its node, its group and its physical network."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.attach_vif import TENANT
from unkai.baremetal.model import Node, Port, Portgroup, State
from unkai.baremetal.store.portgroups import PORTGROUPS, change_portgroup
from unkai.baremetal.store.ports import members_of
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict

OPEN = (State.ENROLL, State.INSPECTING, State.INSPECT_WAIT, State.MANAGEABLE)
"""In which nothing runs on a node's network, so that its wiring may change."""
WIRING = ("portgroup_uuid", "pxe_enabled", "local_link_connection", "physical_network")


def check_wiring(node: Node, port: Port, changed: set[str]) -> None:
    """Conflict where the node's state forbids to change these fields."""
    if node.maintenance:
        return
    active = node.provision_state == State.ACTIVE or node.instance_uuid is not None
    if active and "address" in changed:
        raise Conflict(
            f"Cannot update hardware address for port {port.uuid} as node {node.uuid} is active "
            "or has instance UUID assigned.",
            code="port-in-use",
            remedy="Set the node to maintenance first.",
        )
    if changed & set(WIRING) and node.provision_state not in OPEN:
        raise Conflict(
            f"Port {port.uuid} can not have any connectivity attributes ({', '.join(WIRING)}) "
            f"updated unless node {node.uuid} is in one of the states {', '.join(OPEN)} or in "
            f"maintenance mode. The current state is {node.provision_state}.",
            code="port-in-use",
        )


async def group_for(session: Session, node: Node, uuid: str) -> Portgroup:
    """The group that a port of this node shall join; BadRequest unless it is the node's own."""
    found = await PORTGROUPS.get(session, uuid)
    if found is None:
        raise BadRequest(f"Portgroup {uuid} could not be found.", code="portgroup-unknown")
    if found.node_uuid != node.uuid:
        raise BadRequest(
            "Port can not be added to a portgroup belonging to a different node.",
            code="portgroup-elsewhere",
        )
    return found


def check_standalone(group: Portgroup, port: Port) -> None:
    """A member boots by itself, or carries a VIF by itself, only where its group allows that."""
    if group.standalone_ports_supported:
        return
    why = "'pxe_enabled' field was set to True" if port.pxe_enabled else None
    if port.internal_info.get(TENANT):
        why = "VIF is attached to it"
    if why is not None:
        raise Conflict(
            f"Port group {group.uuid} doesn't support standalone ports. This port cannot be a "
            f"member of that portgroup, as the port's {why}.",
            code="portgroup-not-standalone",
        )


async def join_physical_network(tx: Tx, group: Portgroup, port: Port, now: float) -> None:
    """All members are on one physical network; the first member decides for a group without."""
    others = [one for one in await members_of(tx, group.uuid) if one.uuid != port.uuid]
    if not others and group.physical_network is None:
        if port.physical_network is not None:
            await change_portgroup(tx, group.uuid, now, physical_network=port.physical_network)
        return
    there = others[0].physical_network if others else group.physical_network
    if port.physical_network != there:
        raise Conflict(
            f"Port with physical network {port.physical_network} cannot become a member of port "
            f"group {group.uuid} which has ports in physical network {there}.",
            code="physical-network-differs",
        )


def check_link(port: Port) -> None:
    """BadRequest where a smart NIC does not say where its own operating system is."""
    wanted = {"port_id", "hostname"}
    if port.is_smartnic and not wanted <= port.local_link_connection.keys():
        raise BadRequest(
            "Smart NIC port must have port_id and hostname in local_link_connection.",
            code="local-link",
        )


_TEXTS = frozenset(
    {
        "port_id",
        "switch_id",
        "hostname",
        "switch_info",
        "network_type",
        "vtep-logical-switch",
        "vtep-physical-switch",
    }
)
_COMPLETE = (
    {"port_id", "switch_id"},
    {"port_id", "hostname"},
    {"network_type"},
    {"port_id", "vtep-logical-switch", "vtep-physical-switch"},
)


def normal_link(link: dict[str, Any]) -> dict[str, Any]:
    """A local_link_connection as it is kept; BadRequest if it is none."""
    if not link:
        return {}
    wrong = BadRequest(
        "local_link_connection needs port_id with switch_id, hostname or both vtep switches, or "
        "network_type unmanaged; nothing but these and switch_info may be in it.",
        code="local-link",
    )
    if not link.keys() <= _TEXTS or not all(isinstance(value, str) for value in link.values()):
        raise wrong
    network = link.get("network_type")
    if network not in (None, "managed", "unmanaged"):
        raise wrong
    complete = [words for words in _COMPLETE if words <= link.keys()]
    if not complete or (complete == [{"network_type"}] and network != "unmanaged"):
        raise wrong
    if "switch_id" not in link:
        return link
    return {**link, "switch_id": _switch_id(link["switch_id"])}


def _switch_id(given: str) -> str:
    """A MAC, or the sixteen hexadecimal digits of an OpenFlow datapath with 0x before them."""
    text = given.lower()
    digits = text.replace(":", "")
    is_hex = all(one in "0123456789abcdef" for one in digits)
    if is_hex and len(digits) in (12, 16) and len(text) == len(digits) * 3 // 2 - 1:
        return text
    if text.startswith("0x") and len(text) == 18 and all(c in "0123456789abcdef" for c in text[2:]):
        return text
    raise BadRequest(
        f"Expected a MAC address or an OpenFlow datapath id as switch_id but received {given!r}.",
        code="local-link",
    )

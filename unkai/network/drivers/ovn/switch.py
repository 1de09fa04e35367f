"""The switch's own database: its bridges, how OVN's controller finds everything, interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from unkai.kit.ovsdb import Ovsdb
from unkai.kit.ovsdb_rows import Transaction
from unkai.network.drivers.ovn.site import INTEGRATION_BRIDGE, Site

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "Open_vSwitch": ("bridges", "external_ids", "other_config"),
    "Bridge": ("name", "ports", "datapath_type", "fail_mode"),
    "Port": ("name", "interfaces"),
    "Interface": ("name", "type", "ofport", "external_ids"),
}
GUEST_KEY: Final = "unkai-server"
"""On the interfaces of guests, which their host looks after."""


async def configure(switch: Ovsdb, site: Site) -> None:
    """Bridges and settings. The switch and the controller read them when they start."""
    mappings = [f"{name}:{site.bridge_of(name)}" for name in site.physnets]
    external_ids = {
        "system-id": site.chassis,
        "hostname": site.chassis,
        "ovn-remote": f"unix:{site.south_socket}",
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": site.encap_ip,
        "ovn-bridge-datapath-type": site.datapath_type,
        "ovn-bridge-mappings": ",".join(mappings),
        # One host sees everything anyway: asking for parts costs more than it saves.
        "ovn-monitor-all": "false" if site.several_hosts else "true",
    }
    other_config: dict[str, str] = {}
    if site.datapath_type == "netdev":
        other_config["disable-system"] = "true"
        other_config["userspace-tso-enable"] = "true" if site.offloads else "false"
    change = switch.transaction()
    root = next(iter(switch.rows("Open_vSwitch")), None)
    settings = {"external_ids": external_ids, "other_config": other_config}
    if root is None:
        root = change.insert("Open_vSwitch", settings)
    else:
        change.update("Open_vSwitch", root, settings)
    existing = {row.text("name") for row in switch.rows("Bridge").values()}
    bridges = [INTEGRATION_BRIDGE, *(b for n in site.physnets if (b := site.bridge_of(n)))]
    for name in bridges:
        if name not in existing:
            _add_bridge(change, root, name, site)
    _add_uplinks(change, switch, site)
    await switch.commit(change)


async def set_interfaces(switch: Ovsdb, iface_ids: Mapping[str, str]) -> None:
    """Have these interfaces on the integration bridge, each bound to a logical port."""
    known = {row.text("name"): (uuid, row) for uuid, row in switch.rows("Interface").items()}
    change = switch.transaction()
    for name, port_id in iface_ids.items():
        ids = {"iface-id": port_id}
        if name not in known:
            interface = change.insert("Interface", {"name": name, "external_ids": ids})
            port = change.insert("Port", {"name": name, "interfaces": [interface]})
            change.mutate("Bridge", {"name": INTEGRATION_BRIDGE}, "ports", "insert", [port])
        elif known[name][1].map("external_ids") != ids:
            change.update("Interface", known[name][0], {"external_ids": ids})
    await switch.commit(change)


async def remove_interfaces(switch: Ovsdb, names: Iterable[str]) -> None:
    """Take interfaces off the integration bridge; unknown ones are fine."""
    wanted = set(names)
    ports = [uuid for uuid, row in switch.rows("Port").items() if row.text("name") in wanted]
    if ports:
        change = switch.transaction()
        change.mutate("Bridge", {"name": INTEGRATION_BRIDGE}, "ports", "delete", ports)
        await switch.commit(change)


def strange_interfaces(switch: Ovsdb, known: Iterable[str], bridges: set[str]) -> list[str]:
    """Interfaces on these bridges that are none of `known`, no guest's, and no daemon's own.

    The switch may carry other bridges: what is on those is not ours to judge.
    """
    ours = [row for row in switch.rows("Bridge").values() if row.text("name") in bridges]
    ports = {uuid for row in ours for uuid in row.texts("ports")}
    held = {
        uuid
        for port_id, row in switch.rows("Port").items()
        if port_id in ports
        for uuid in row.texts("interfaces")
    }
    fine = set(known)
    return [
        name
        for uuid, row in switch.rows("Interface").items()
        if uuid in held
        and (name := row.text("name")) not in fine
        and not row.text("type")
        and GUEST_KEY not in row.map("external_ids")
    ]


def interface_names(switch: Ovsdb) -> set[str]:
    return {row.text("name") for row in switch.rows("Interface").values()}


def _add_uplinks(change: Transaction, switch: Ovsdb, site: Site) -> None:
    """The switch takes an interface up once it is there, however late."""
    known = {row.text("name") for row in switch.rows("Port").values()}
    for physnet, link in site.uplinks:
        bridge = site.bridge_of(physnet)
        if bridge is not None and link not in known:
            interface = change.insert("Interface", {"name": link})
            port = change.insert("Port", {"name": link, "interfaces": [interface]})
            change.mutate("Bridge", {"name": bridge}, "ports", "insert", [port])


def _add_bridge(change: Transaction, root: str, name: str, site: Site) -> None:
    interface = change.insert("Interface", {"name": name, "type": "internal"})
    port = change.insert("Port", {"name": name, "interfaces": [interface]})
    columns: dict[str, object] = {
        "name": name,
        "ports": [port],
        "datapath_type": site.datapath_type,
    }
    if name == INTEGRATION_BRIDGE:  # carries nothing that OVN has not allowed
        columns |= {"fail_mode": "secure", "other_config": {"disable-in-band": "true"}}
    bridge = change.insert("Bridge", columns)
    change.mutate("Open_vSwitch", root, "bridges", "insert", [bridge])

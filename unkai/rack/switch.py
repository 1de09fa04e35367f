"""The rack's switch: a bridge of the namespace's Open vSwitch, a port per NIC with its VLAN.

A port's access VLAN is its `tag`. It is set when the port is made and never again by the rack
itself: whoever manages the switch (a network service, an operator) may move the port, and a rack
that starts again leaves it where it is.
"""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
from collections.abc import Iterable
from typing import Final

from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, NotFound, Unavailable
from unkai.kit.ovsdb import Ovsdb, OvsdbError, OvsdbGone
from unkai.kit.ovsdb_rows import Row, Transaction
from unkai.kit.switch_links import raise_link
from unkai.rack.model import Nic, RackSettings

OWNER_KEY: Final = "unkai-rack"
_TABLES: Final[dict[str, tuple[str, ...]]] = {
    "Open_vSwitch": ("bridges", "other_config", "next_cfg", "cur_cfg"),
    "Bridge": ("name", "ports", "datapath_type"),
    "Port": ("name", "interfaces", "tag", "external_ids"),
    "Interface": ("name", "ofport", "mac_in_use", "external_ids"),
}
_PLUG_S: Final = 10.0
_COOKIE: Final = "0x7261636b"
"""Marks the flows of a fault: "rack"."""


class Switch:
    """Between `open` and `close`."""

    def __init__(self, settings: RackSettings, clock: Clock) -> None:
        self._settings = settings
        remote = f"unix:{settings.switch_socket}"
        self._ovsdb = Ovsdb(remote, "Open_vSwitch", _TABLES, clock=clock)
        self._vnet_hdr = True

    async def open(self, *, timeout_s: float = 10.0) -> None:
        """Connect. Raises Unavailable("switch-unreachable")."""
        try:
            await self._ovsdb.start(timeout_s=timeout_s)
        except OvsdbGone as error:
            raise Unavailable(
                f"The switch at {self._settings.switch_socket} does not answer: {error}.",
                code="switch-unreachable",
                remedy="Start the cloud first: unkai up.",
            ) from error

    async def build(self) -> None:
        """Have the bridge and its uplink, in the namespace this process is in."""
        root_id, root = next(iter(self._ovsdb.rows("Open_vSwitch").items()))
        config = root.map("other_config")
        userspace = config.get("disable-system") == "true"
        # A userspace datapath takes frames with unfinished checksums only where it is told to.
        self._vnet_hdr = not userspace or config.get("userspace-tso-enable") == "true"
        change = self._ovsdb.transaction()
        name = self._settings.bridge
        if self._find("Bridge", name) is None:
            interface = change.insert("Interface", {"name": name, "type": "internal"})
            port = change.insert("Port", {"name": name, "interfaces": [interface]})
            kind = "netdev" if userspace else "system"
            bridge = {"name": name, "ports": [port], "datapath_type": kind}
            made = change.insert("Bridge", bridge)
            change.mutate("Open_vSwitch", root_id, "bridges", "insert", [made])
            await self._commit(change)
        if self._settings.uplink:
            await self._build_uplink(self._settings.uplink, trunk_of(self._settings))

    async def _build_uplink(self, uplink: str, trunk: str) -> None:
        """A cable: one end is the switch's trunk, the other whoever's bridge carries the VLANs."""
        if not rtnetlink.has_link(uplink):
            rtnetlink.add_veth(uplink, trunk)
            for end in (uplink, trunk):
                rtnetlink.deafen(end)
            await self._plug_again(uplink)
        if self._find("Port", trunk) is None:
            change = self._ovsdb.transaction()
            interface = change.insert("Interface", {"name": trunk})
            port = change.insert("Port", {"name": trunk, "interfaces": [interface]})
            bridge = {"name": self._settings.bridge}
            change.mutate("Bridge", bridge, "ports", "insert", [port])
            await self._commit(change)
        if self._find("Interface", uplink) is None:  # the other side is not this switch's
            rtnetlink.set_link(uplink, up=True)
        else:
            await raise_link(self._ovsdb, None, uplink)
        await raise_link(self._ovsdb, None, trunk)

    def _holds(self, link: str) -> bool:
        """Whether a link that it is told to have has a number there."""
        found = self._find("Interface", link)
        return found is None or found[1].number("ofport") > 0

    async def _plug_again(self, link: str) -> None:
        """A switch that had a link of this name listens to the one that is gone."""
        port = self._find("Port", link)
        rows = self._ovsdb.rows("Bridge").items()
        bridge = next((uuid for uuid, row in rows if port and port[0] in row.texts("ports")), None)
        if port is None or bridge is None:
            return
        root_id, root = next(iter(self._ovsdb.rows("Open_vSwitch").items()))
        unplugged = root.number("next_cfg") + 1
        change = self._ovsdb.transaction()
        change.mutate("Bridge", bridge, "ports", "delete", [port[0]])
        change.update("Open_vSwitch", root_id, {"next_cfg": unplugged})
        await self._commit(change)
        await self._ovsdb.until(lambda: self._has_done(unplugged), timeout_s=_PLUG_S)
        change = self._ovsdb.transaction()
        interface = change.insert("Interface", {"name": link})
        made = change.insert("Port", {"name": link, "interfaces": [interface]})
        change.mutate("Bridge", bridge, "ports", "insert", [made])
        await self._commit(change)

    def _has_done(self, change: int) -> bool | None:
        root = next(iter(self._ovsdb.rows("Open_vSwitch").values()))
        return root.number("cur_cfg") >= change or None

    async def close(self) -> None:
        await self._ovsdb.stop()

    @property
    def id(self) -> str:
        """The bridge's MAC, as switches are called in a port's link information."""
        found = self._find("Interface", self._settings.bridge)
        return found[1].text("mac_in_use") if found else ""

    async def plug(self, machine: str, nics: Iterable[Nic]) -> None:
        """Have a port for each NIC."""
        change = self._ovsdb.transaction()
        known: list[str] = []
        for nic in nics:
            await asyncio.to_thread(self._make_tap, nic)
            if self._find("Port", nic.port) is not None:
                known.append(nic.port)
            else:
                ids = {OWNER_KEY: machine, "attached-mac": nic.mac}
                row = {"name": nic.port, "external_ids": ids, "lldp": {"enable": "true"}}
                interface = change.insert("Interface", row)
                vlan = self._settings.vlan or None
                columns = {"name": nic.port, "interfaces": [interface], "tag": vlan}
                port = change.insert("Port", columns | {"external_ids": {OWNER_KEY: machine}})
                bridge = {"name": self._settings.bridge}
                change.mutate("Bridge", bridge, "ports", "insert", [port])
        await self._commit(change)
        for port in known:  # its tap may be new, as after a restart of the host
            await raise_link(self._ovsdb, None, port)

    def open_tap(self, nic: Nic) -> int:
        """A descriptor of the NIC's end of the cable, for QEMU. Blocks for a moment."""
        return netns.open_tap(None, nic.port, vnet_hdr=self._vnet_hdr, persistent=True)

    def vlan(self, port: str) -> int:
        """The port's access VLAN, 0 for none."""
        found = self._find("Port", port)
        return found[1].number("tag") if found else 0

    async def set_vlan(self, port: str, vlan: int) -> None:
        found = self._find("Port", port)
        if found is None:
            raise NotFound(f"The switch has no port {port}.", code="rack-port-not-found")
        change = self._ovsdb.transaction()
        change.update("Port", found[0], {"tag": vlan or None})
        await self._commit(change)

    async def mute(self, port: str, *, muted: bool) -> None:
        """Let nothing but DHCP leave the port, or everything again."""
        await self._ovsdb.until(lambda: self._holds(port), _PLUG_S)
        found = self._find("Interface", port)
        number = found[1].number("ofport") if found else 0
        if muted:
            match = f"cookie={_COOKIE},in_port={number}"
            await self._flows("add-flow", f"{match},priority=900,udp,tp_dst=67,actions=NORMAL")
            await self._flows("add-flow", f"{match},priority=800,actions=drop")
        else:
            await self._flows("del-flows", f"cookie={_COOKIE}/-1,in_port={number}")

    async def clear(self) -> None:
        """Take the bridge and everything on it away."""
        found = self._find("Bridge", self._settings.bridge)
        if found is not None:
            change = self._ovsdb.transaction()
            change.mutate("Open_vSwitch", {}, "bridges", "delete", [found[0]])
            await self._commit(change)

    async def _flows(self, verb: str, flow: str) -> None:
        """By the bridge's management socket, which lies beside the database's."""
        where = self._settings.switch_socket.parent / f"{self._settings.bridge}.mgmt"
        command = ["ovs-ofctl", verb, f"unix:{where}", flow]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, check=False, timeout=10
        )
        if done.returncode != 0:
            raise Failed(f"The switch refused a flow: {done.stderr.strip()}.")

    async def _commit(self, change: Transaction) -> None:
        try:
            await self._ovsdb.commit(change)
        except OvsdbError as error:
            raise Failed(f"The switch refused a change: {error}.", code="switch-refused") from error

    def _make_tap(self, nic: Nic) -> None:
        try:
            os.close(self.open_tap(nic))
        except OSError as error:
            if error.errno != errno.EBUSY:  # busy: its machine runs, so it is there
                raise

    def _find(self, table: str, name: str) -> tuple[str, Row] | None:
        rows = self._ovsdb.rows(table).items()
        return next(((uuid, row) for uuid, row in rows if row.text("name") == name), None)


def trunk_of(settings: RackSettings) -> str:
    """The switch's end of the uplink."""
    return f"{settings.bridge}-up"[:15]


def delete_links(namespace: str, names: Iterable[str]) -> None:
    """Remove interfaces, where the namespace still stands. Blocks."""
    if netns.exists(namespace):
        present = set(netns.link_names(namespace))
        for name in present & set(names):
            netns.call(namespace, lambda name=name: rtnetlink.delete_link(name))

"""Ports on Open vSwitch: a tap in the cloud's namespace, its interface on the integration bridge.

The tap is persistent, so it outlives QEMU and Unkai; `open` attaches to it. The interface carries
the port's id (`iface-id`, by which OVN's controller finds it) and the server's (`unkai-server`, by
which an audit finds its owner).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from unkai.hypervisor import refusals
from unkai.hypervisor.model import Nic
from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.errors import Unavailable
from unkai.kit.ovsdb import Ovsdb, OvsdbError
from unkai.kit.ovsdb_rows import Transaction

BRIDGE: Final = "br-int"
SERVER: Final = "unkai-server"
_TABLES: Final = {
    "Bridge": ("name", "ports"),
    "Port": ("name", "interfaces"),
    "Interface": ("name", "external_ids"),
}
_CONNECT_S: Final = 10.0


def tap_of(port_id: str) -> str:
    """`tap` and the first 11 characters of the port's id, as Neutron's agents name it."""
    return f"tap{port_id[:11]}"


class OvsPlugger:
    """namespace: where the bridge is.

    offloads: guests hand over partial checksums and large segments, which the switch must
    understand (the kernel's does, and a userspace one with TSO on).
    """

    def __init__(
        self, namespace: str, switch_socket: Path, clock: Clock, *, offloads: bool = True
    ) -> None:
        self._namespace = namespace
        self._offloads = offloads
        self._switch = Ovsdb(f"unix:{switch_socket}", "Open_vSwitch", _TABLES, clock=clock)
        self._starting = asyncio.Lock()
        self._started = False

    async def close(self) -> None:
        await self._switch.stop()

    async def plug(self, server_id: str, nic: Nic) -> None:
        tap = tap_of(nic.port_id)
        await netns.run(self._namespace, lambda: self._make_tap(tap, nic.mtu))
        switch = await self._connected()
        ids = {"iface-id": nic.port_id, "attached-mac": nic.mac, SERVER: server_id}
        found = self._interface(tap)
        change = switch.transaction()
        if found is None:
            interface = change.insert("Interface", {"name": tap, "external_ids": ids})
            port = change.insert("Port", {"name": tap, "interfaces": [interface]})
            change.mutate("Bridge", {"name": BRIDGE}, "ports", "insert", [port])
        elif switch.rows("Interface")[found].map("external_ids") != ids:
            change.update("Interface", found, {"external_ids": ids})
        await self._commit(change)

    async def unplug(self, port_id: str) -> None:
        tap = tap_of(port_id)
        switch = await self._connected()
        ports = [uuid for uuid, row in switch.rows("Port").items() if row.text("name") == tap]
        if ports:
            change = switch.transaction()
            change.mutate("Bridge", {"name": BRIDGE}, "ports", "delete", ports)
            await self._commit(change)
        await netns.run(self._namespace, lambda: _delete_tap(tap))

    async def open(self, nic: Nic) -> int:
        tap = tap_of(nic.port_id)
        await self._connected()
        if self._interface(tap) is None:
            raise refusals.not_plugged(nic.port_id)
        return await asyncio.to_thread(
            netns.open_tap,
            self._namespace,
            tap,
            vnet_hdr=self._offloads,
            persistent=True,
            mtu=nic.mtu,
        )

    async def plugged(self) -> dict[str, str]:
        switch = await self._connected()
        found: dict[str, str] = {}
        for row in switch.rows("Interface").values():
            ids = row.map("external_ids")
            if SERVER in ids:
                found[str(ids["iface-id"])] = str(ids[SERVER])
        return found

    def _make_tap(self, tap: str, mtu: int) -> None:
        if not rtnetlink.has_link(tap):
            os.close(netns.open_tap(None, tap, vnet_hdr=self._offloads, persistent=True, mtu=mtu))

    def _interface(self, tap: str) -> str | None:
        rows = self._switch.rows("Interface")
        return next((uuid for uuid, row in rows.items() if row.text("name") == tap), None)

    async def _connected(self) -> Ovsdb:
        async with self._starting:
            try:
                if not self._started:
                    await self._switch.start(timeout_s=_CONNECT_S)
                    self._started = True
                await self._switch.connected(timeout_s=_CONNECT_S)
            except OvsdbError as error:
                raise _away(error) from error
        return self._switch

    async def _commit(self, change: Transaction) -> None:
        try:
            await self._switch.commit(change)
        except OvsdbError as error:
            raise _away(error) from error


def _away(error: OvsdbError) -> Unavailable:
    return Unavailable(f"This host's switch does not answer: {error}", code="switch-unreachable")


def _delete_tap(tap: str) -> None:
    if rtnetlink.has_link(tap):
        rtnetlink.delete_link(tap)

"""Ports on Open vSwitch: a persistent tap in the cloud's namespace, an interface on `br-int`.

QEMU stays outside of the namespace and gets the tap as a descriptor. The interface's external ids
say which logical port it is (OVN acts upon that) and which server owns it (the audit acts upon
that). The tap comes first and goes last: the switch never waits for a device, and a tap that a
crash left behind is found again by its name, which follows from the port's id.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path

from unkai.hypervisor import refusals
from unkai.hypervisor.model import Nic, NicCounters
from unkai.hypervisor.net_counters import of_tap, read_link_counters
from unkai.hypervisor.threads import in_thread
from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Unavailable
from unkai.kit.ovsdb import Ovsdb, OvsdbError, OvsdbGone
from unkai.kit.ovsdb_rows import Row
from unkai.kit.switch_links import raise_link

BRIDGE = "br-int"
SERVER_KEY = "unkai-server"
_TABLES = {
    "Bridge": ("name", "ports"),
    "Port": ("name", "interfaces"),
    "Interface": ("name", "ofport", "external_ids"),
}


def tap_name(port_id: str) -> str:
    """14 characters of the 15 that an interface's name may have."""
    return f"tap{port_id[:11]}"


class OvsPlugger:
    """Between `open_switch` and `close`.

    namespace: where the switch and the taps live (None: where we are). vnet_hdr: whether the
    datapath understands offloaded checksums and segments: the kernel's does, the userspace one only
    with `userspace-tso-enable`; without it a guest must compute them, or TCP stalls.
    """

    def __init__(
        self, socket: Path, *, namespace: str | None, vnet_hdr: bool, clock: Clock
    ) -> None:
        self._switch = Ovsdb(f"unix:{socket}", "Open_vSwitch", _TABLES, clock=clock)
        self._namespace = namespace
        self._vnet_hdr = vnet_hdr

    async def open_switch(self, *, timeout_s: float = 10.0) -> None:
        """Unavailable("switch-unreachable") when the switch does not answer in time."""
        with _switch_words():
            await self._switch.start(timeout_s=timeout_s)

    async def close(self) -> None:
        await self._switch.stop()

    async def plug(self, server_id: str, nic: Nic) -> None:
        try:
            os.close(await self._open_tap(nic))
        except OSError as error:
            if error.errno != errno.EBUSY:  # busy: its QEMU runs, so it is there
                raise
        ids = {"iface-id": nic.port_id, "attached-mac": nic.mac, SERVER_KEY: server_id}
        name = tap_name(nic.port_id)
        with _switch_words():
            change = self._switch.transaction()
            known = self._find("Interface", name)
            if known is None:
                interface = change.insert("Interface", {"name": name, "external_ids": ids})
                port = change.insert("Port", {"name": name, "interfaces": [interface]})
                change.mutate("Bridge", {"name": BRIDGE}, "ports", "insert", [port])
            elif known[1].map("external_ids") != ids:
                change.update("Interface", known[0], {"external_ids": ids})
            await self._switch.commit(change)
        if known is not None:  # its tap may be new, as after a restart of the host
            await raise_link(self._switch, self._namespace, name)

    async def unplug(self, port_id: str) -> None:
        name = tap_name(port_id)
        with _switch_words():
            change = self._switch.transaction()
            if (port := self._find("Port", name)) is not None:
                change.mutate("Bridge", {"name": BRIDGE}, "ports", "delete", [port[0]])
            await self._switch.commit(change)
        await netns.run(self._namespace, lambda: rtnetlink.delete_link(name))

    async def open(self, nic: Nic) -> int:
        if self._find("Interface", tap_name(nic.port_id)) is None:
            raise refusals.not_plugged(nic.port_id)
        try:
            return await self._open_tap(nic)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            raise Failed(
                f"The tap of port {nic.port_id} is held by another process.",
                code="tap-busy",
                remedy="An older QEMU of the server may still run; stop the server first.",
            ) from error

    async def plugged(self) -> dict[str, str]:
        with _switch_words():
            await self._switch.connected(timeout_s=10.0)
        ids = (row.map("external_ids") for row in self._switch.rows("Interface").values())
        return {found["iface-id"]: found[SERVER_KEY] for found in ids if SERVER_KEY in found}

    async def counters(self, port_ids: Collection[str]) -> dict[str, NicCounters]:
        links = await netns.run(self._namespace, read_link_counters)
        found = {port_id: links.get(tap_name(port_id)) for port_id in port_ids}
        return {port_id: of_tap(columns) for port_id, columns in found.items() if columns}

    async def bare_taps(self) -> list[str]:
        taps = await netns.run(self._namespace, _taps)
        with _switch_words():
            await self._switch.connected(timeout_s=10.0)
        known = {row.text("name") for row in self._switch.rows("Interface").values()}
        return sorted(taps - known)

    async def _open_tap(self, nic: Nic) -> int:
        return await in_thread(
            netns.open_tap,
            self._namespace,
            tap_name(nic.port_id),
            vnet_hdr=self._vnet_hdr,
            persistent=True,
            mtu=nic.mtu,
        )

    def _find(self, table: str, name: str) -> tuple[str, Row] | None:
        rows = self._switch.rows(table).items()
        return next(((uuid, row) for uuid, row in rows if row.text("name") == name), None)


def _taps() -> set[str]:
    names = {link.name for link in rtnetlink.links()}
    return {name for name in names if name.startswith("tap")}


@contextmanager
def _switch_words() -> Generator[None]:
    try:
        yield
    except OvsdbGone as error:
        raise Unavailable(
            f"The switch of this host does not answer: {error}.",
            code="switch-unreachable",
            remedy="Look at the log of ovsdb-server in the state folder.",
        ) from error
    except OvsdbError as error:
        raise Failed(
            f"The switch refused a port: {error}.",
            code="switch-refused",
            remedy="Look at the log of ovsdb-server in the state folder.",
        ) from error

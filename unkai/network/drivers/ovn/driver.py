"""The network on OVN, behind the `NetworkDriver` protocol: daemons, rows and surroundings."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from typing import Final

from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Unavailable
from unkai.kit.log import log
from unkai.kit.ovsdb import Ovsdb, OvsdbError, OvsdbGone
from unkai.kit.ovsdb_rows import Row
from unkai.network.drivers.base import KINDS, Desired, Health, PortWatcher, Ref, Refused, Stranger
from unkai.network.drivers.metadata import MetadataDoor
from unkai.network.drivers.ovn import daemons, edge, render_groups, rows, switch
from unkai.network.drivers.ovn.render import Hosts, gateway_group, render
from unkai.network.drivers.ovn.site import Site

_BATCH: Final = 500
_DATABASES: Final = ("ovsdb-switch", "ovsdb-north", "ovsdb-south")
_WORKERS: Final = ("ovs-vswitchd", "ovn-northd", "ovn-controller")
_SOUTH_TABLES: Final = {
    "Port_Binding": ("logical_port", "up", "chassis"),
    "Chassis_Private": ("name", "nb_cfg"),
}
_NOT_THE_ROWS_FAULT: Final = frozenset({"I/O error", "timed out", "resources exhausted"})


class OvnDriver:
    """One host's OVN. `door` answers on the metadata sockets of the networks."""

    def __init__(self, site: Site, *, clock: Clock, door: MetadataDoor | None = None) -> None:
        self.site = site
        self.switch = self._database(site.switch_socket, "Open_vSwitch", switch.TABLES, clock)
        self.north = self._database(site.north_socket, "OVN_Northbound", rows.TABLES, clock)
        self.south = self._database(site.south_socket, "OVN_Southbound", _SOUTH_TABLES, clock)
        self.supervisor = daemons.Supervisor(site, clock=clock, restarted=self._restarted)
        self._hosts = Hosts(gateways=(site.chassis,), several=site.several_hosts)
        self._index = rows.Northbound(self.north)
        self._edge = edge.Edge(site, self.north, self.switch, clock=clock, door=door)
        self._writing = asyncio.Lock()
        self._bound: set[str] = set()
        self._enabled: set[str] = set()
        self._watchers: list[PortWatcher] = []
        self.south.watch("Port_Binding", self._follow_binding)
        self.north.watch("Logical_Switch_Port", self._follow_port)

    # --- life

    async def start(self) -> None:
        """Start or adopt the daemons, connect, and have the base rows."""
        if shutil.which("ovsdb-server") is None or shutil.which("ovn-northd") is None:
            raise Failed(
                "Open vSwitch and OVN are not installed.",
                code="network-program-missing",
                remedy="Install the packages openvswitch-switch, ovn-central and ovn-host.",
            )
        await self.supervisor.prepare()
        await netns.run(self.site.namespace, edge.prepare_namespace)
        await self.supervisor.ensure(*_DATABASES)
        try:
            await asyncio.gather(self.switch.start(), self.north.start(), self.south.start())
        except OvsdbGone as error:
            raise Unavailable(f"OVN's databases do not answer: {error}") from error
        await switch.configure(self.switch, self.site)
        # The controller after the switch: it would find no bridge and wait a second to try again.
        await self.supervisor.ensure("ovs-vswitchd", "ovn-northd")
        await self.supervisor.ensure("ovn-controller")
        await self._write([], [])
        self._edge.start()

    async def close(self) -> None:
        await self._edge.close()
        await self.supervisor.close()
        for database in (self.north, self.south, self.switch):
            await database.stop()

    async def stop(self) -> None:
        await self.close()
        await asyncio.to_thread(daemons.remove, self.site)

    # --- rows

    async def apply(self, objects: Sequence[Desired], removed: Sequence[Ref] = ()) -> None:
        reasons: dict[Ref, str] = {}
        for start in range(0, len(objects), _BATCH):
            reasons |= await self._apply(objects[start : start + _BATCH], ())
        for start in range(0, len(removed), _BATCH):
            await self._apply((), removed[start : start + _BATCH])
        if reasons:
            raise Refused(reasons)

    def present(self) -> set[Ref]:
        return {Ref(owner.kind, owner.id) for owner in self._index.owners() if owner.kind in KINDS}

    def differing(self, objects: Sequence[Desired]) -> set[Ref]:
        specs = [spec for wanted in objects for spec in render(wanted, self._hosts)]
        owners = {rows.Owner(wanted.ref.kind, wanted.ref.id): wanted.ref for wanted in objects}
        found = self._index.differing([*self._base(), *specs], owners)
        return {owners[owner] for owner in found if owner in owners}

    async def strangers(self) -> list[Stranger]:
        strange = [Stranger("row", name) for name in self._index.strangers()]
        strange += [
            Stranger("row", f"{owner.kind} {owner.id}")
            for owner in self._index.owners()
            if owner.kind not in KINDS and owner != rows.BASE
        ]
        return sorted([*strange, *await self._edge.strangers()])

    async def wait_applied(self, timeout_s: float = 10.0) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._edge.settled()
                await self._hosts_done(timeout_s)
        except (TimeoutError, OvsdbError) as error:
            raise Unavailable(f"OVN has not applied everything after {timeout_s} s.") from error

    async def _apply(self, objects: Sequence[Desired], removed: Sequence[Ref]) -> dict[Ref, str]:
        """One transaction; where the database refuses it, one per object to find the culprits."""
        specs = [spec for wanted in objects for spec in render(wanted, self._hosts)]
        owners = [rows.Owner(ref.kind, ref.id) for ref in (*(o.ref for o in objects), *removed)]
        try:
            await self._write(specs, owners)
        except (OvsdbError, LookupError) as error:
            if isinstance(error, OvsdbError) and error.error in _NOT_THE_ROWS_FAULT:
                raise Unavailable(f"OVN's northbound database does not write: {error}") from error
            if len(objects) + len(removed) <= 1:
                ref = next(iter((*(wanted.ref for wanted in objects), *removed)))
                log.error("network.refused", kind=ref.kind, id=ref.id, why=str(error))
                return {ref: str(error)}
        else:
            return {}
        reasons: dict[Ref, str] = {}
        for wanted in objects:
            reasons |= await self._apply((wanted,), ())
        for ref in removed:
            reasons |= await self._apply((), (ref,))
        return reasons

    async def _write(self, specs: list[rows.RowSpec], owners: list[rows.Owner]) -> None:
        """Write what differs; the rows that everybody leans on are always among them."""
        base = [*self._base(), *specs]
        async with self._writing:
            try:
                await self.north.connected(timeout_s=5.0)
                await self.north.commit(self._index.plan(base, [*owners, rows.BASE]))
            except OvsdbGone as error:
                raise Unavailable("OVN's northbound database does not answer.") from error

    def _base(self) -> list[rows.RowSpec]:
        return [*render_groups.base(), *gateway_group(self._hosts)]

    async def _hosts_done(self, timeout_s: float) -> None:
        await self.north.until(lambda: self.north.rows("NB_Global"), timeout_s)
        # Above what any host has done: a northbound database made anew counts from nothing.
        counts = [r.number("nb_cfg") for r in self.south.rows("Chassis_Private").values()]
        asked = 1 + max(
            [r.number("nb_cfg") for r in self.north.rows("NB_Global").values()] + counts
        )
        change = self.north.transaction()
        change.update("NB_Global", {}, {"nb_cfg": asked})
        await self.north.commit(change)
        await self.south.until(lambda: self._is_done(asked), timeout_s)

    def _is_done(self, asked: int) -> bool:
        """Whether this host, or each of several, has done what was asked by then."""
        done = {
            row.text("name"): row.number("nb_cfg") >= asked
            for row in self.south.rows("Chassis_Private").values()
        }
        own = done.get(self.site.chassis, False)
        return own and all(done.values()) if self.site.several_hosts else own

    # --- ports

    def port_up(self, port_id: str) -> bool:
        return port_id in self._bound and port_id in self._enabled

    def watch_ports(self, watcher: PortWatcher) -> Callable[[], None]:
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def _follow_binding(self, _: str, old: Row | None, new: Row | None) -> None:
        port_id = (new or old or Row()).text("logical_port")
        bound = new is not None and new.flag("up") and bool(new.text("chassis"))
        self._change(port_id, self._bound, there=bound)

    def _follow_port(self, _: str, old: Row | None, new: Row | None) -> None:
        """A disabled port stays bound to its host, but nothing passes."""
        port_id = (new or old or Row()).text("name")
        enabled = new is not None and new.get("enabled") is not False
        self._change(port_id, self._enabled, there=enabled)

    def _change(self, port_id: str, members: set[str], *, there: bool) -> None:
        before = self.port_up(port_id)
        if there:
            members.add(port_id)
        else:
            members.discard(port_id)
        after = self.port_up(port_id)
        if before != after:
            for watcher in tuple(self._watchers):
                watcher(port_id, after)

    # --- health

    async def health(self) -> Health:
        alive = self.supervisor.alive()
        parts = {n: "ok" if n in alive else "not running" for n in (*_DATABASES, *_WORKERS)}
        for name, database in (("north", self.north), ("south", self.south)):
            parts[f"{name} connection"] = "ok" if database.is_connected else "not connected"
        return Health(ok=all(state == "ok" for state in parts.values()), parts=parts)

    def _restarted(self, name: str) -> None:
        if name == "ovs-vswitchd":
            self._edge.look_again()

    @staticmethod
    def _database(
        socket: object, name: str, tables: dict[str, tuple[str, ...]], clock: Clock
    ) -> Ovsdb:
        return Ovsdb(f"unix:{socket}", name, tables, clock=clock)

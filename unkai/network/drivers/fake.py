"""A network in memory: what was applied is there at once, and a port is up once it is plugged.

`FakeWire` is the outside world and outlives the cloud that talks to it, so that a crash and a
restart can be played; `FakeDriver` is the cloud's side of it. Faults are set on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from unkai.network.drivers.base import (
    Desired,
    DesiredFloatingIP,
    DesiredPort,
    DesiredSubnet,
    Health,
    PortWatcher,
    Ref,
    Refused,
    Stranger,
    has_dhcp,
    has_wire,
)


class FakeWire:
    """The state of the wire, and the faults it shall show."""

    def __init__(self) -> None:
        self.objects: dict[Ref, Desired | None] = {}
        self.plugged: set[str] = set()
        self.batches = 0
        self.running = False
        self._watchers: list[PortWatcher] = []
        self._faults: list[Exception] = []
        self._refusals: dict[Ref, str] = {}
        self.strangers: list[Stranger] = []

    # --- what the world does

    def set_port_plugged(self, port_id: str, plugged: bool) -> None:  # noqa: FBT001  # a callback
        """A hypervisor put a machine's NIC on the wire, or took it off."""
        before = self.port_up(port_id)
        if plugged:
            self.plugged.add(port_id)
        else:
            self.plugged.discard(port_id)
        self._tell(port_id, before)

    def fail_next(self, error: Exception, *, times: int = 1) -> None:
        """The next calls of `apply` raise this and change nothing."""
        self._faults.extend([error] * times)

    def refuse(self, ref: Ref, why: str | None) -> None:
        """Never take this object (None: take it again)."""
        if why is None:
            self._refusals.pop(ref, None)
        else:
            self._refusals[ref] = why

    def plant(self, ref: Ref) -> None:
        """Leave something that no table knows, for an audit to find."""
        self.objects[ref] = None

    # --- what the driver does

    def port_up(self, port_id: str) -> bool:
        found = self.objects.get(Ref("port", port_id))
        if not isinstance(found, DesiredPort) or port_id not in self.plugged:
            return False
        return found.port.admin_state_up and found.network.admin_state_up

    def apply(self, objects: Sequence[Desired], removed: Sequence[Ref]) -> None:
        if self._faults:
            raise self._faults.pop(0)
        self.batches += 1
        for wanted in objects:
            if wanted.ref not in self._refusals:
                self._put(wanted.ref, wanted if _needs_wire(wanted) else None)
        for ref in removed:
            self._put(ref, None)
        if refused := {w.ref: self._refusals[w.ref] for w in objects if w.ref in self._refusals}:
            raise Refused(refused)

    def watch(self, watcher: PortWatcher) -> Callable[[], None]:
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def forget_watchers(self) -> None:
        """The cloud is gone: nobody listens any more."""
        self._watchers.clear()

    def _put(self, ref: Ref, wanted: Desired | None) -> None:
        before = self.port_up(ref.id)
        if wanted is None:
            self.objects.pop(ref, None)
        else:
            self.objects[ref] = wanted
        if ref.kind == "port":
            self._tell(ref.id, before)

    def _tell(self, port_id: str, before: bool) -> None:  # noqa: FBT001  # before and after
        after = self.port_up(port_id)
        if after != before:
            for watcher in tuple(self._watchers):
                watcher(port_id, after)


class FakeDriver:
    """The `NetworkDriver` of a fake cloud."""

    def __init__(self, wire: FakeWire) -> None:
        self._wire = wire

    async def start(self) -> None:
        self._wire.running = True

    async def close(self) -> None:
        self._wire.forget_watchers()

    async def stop(self) -> None:
        self._wire.running = False
        self._wire.forget_watchers()
        self._wire.objects.clear()
        self._wire.plugged.clear()

    async def apply(self, objects: Sequence[Desired], removed: Sequence[Ref] = ()) -> None:
        self._wire.apply(objects, removed)

    def present(self) -> set[Ref]:
        return set(self._wire.objects)

    def differing(self, objects: Sequence[Desired]) -> set[Ref]:
        present = self._wire.objects
        return {one.ref for one in objects if _needs_wire(one) != (one.ref in present)}

    async def strangers(self) -> list[Stranger]:
        return sorted(self._wire.strangers)

    def port_up(self, port_id: str) -> bool:
        return self._wire.port_up(port_id)

    def watch_ports(self, watcher: PortWatcher) -> Callable[[], None]:
        return self._wire.watch(watcher)

    async def wait_applied(self, timeout_s: float = 10.0) -> None:
        return

    async def health(self) -> Health:
        return Health(ok=self._wire.running, parts={"wire": "ok"})


def _needs_wire(wanted: Desired) -> bool:
    if isinstance(wanted, DesiredPort):
        return has_wire(wanted.port)
    if isinstance(wanted, DesiredSubnet):
        return has_dhcp(wanted.subnet)
    if isinstance(wanted, DesiredFloatingIP):
        return wanted.floating_ip.router_id is not None
    return True

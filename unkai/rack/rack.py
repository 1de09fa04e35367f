"""A rack from outside: set it up, look at it, break it, take it down.

`Rack` holds no state of its own beyond where the rack stands: several may look at the same one, and
a program that ends leaves the rack standing.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import Failed, Fault, NotFound, Unavailable
from unkai.kit.process import ProcessId, is_alive
from unkai.rack import control, processes
from unkai.rack.command import CONSOLE_LOG
from unkai.rack.faults import FaultKind
from unkai.rack.inventory import read_inventory, write_inventory
from unkai.rack.model import (
    Bmc,
    BootDevice,
    Identity,
    Inventory,
    MachineSpec,
    RackSettings,
    check,
)
from unkai.rack.switch import Switch, delete_links, trunk_of

_FLOOR: Final = "unkai.rack.floor"
_START_S: Final = 30.0
_GONE_S: Final = 2.0


class RackMachine:
    """One machine, seen from outside: what it is called, and how its BMC is reached."""

    def __init__(self, inventory: Inventory, spec: MachineSpec) -> None:
        self.spec = spec
        self.name = spec.name
        self.bmc: Bmc = inventory.bmc(spec.name)
        self.identity: Identity = inventory.identity(spec.name)
        self.console_log = inventory.settings.state_dir / spec.name / CONSOLE_LOG

    @property
    def macs(self) -> list[str]:
        return [nic.mac for nic in self.identity.nics]

    @property
    def ports(self) -> list[str]:
        """Names of the switch's ports its NICs are plugged into."""
        return [nic.port for nic in self.identity.nics]

    def console(self) -> str:
        """What its serial port has said."""
        try:
            return self.console_log.read_text(errors="replace")
        except FileNotFoundError:
            return ""


class Rack:
    """The rack at a place; `start` makes or finds it there."""

    def __init__(self, settings: RackSettings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self._clock = clock or Clock()

    @property
    def machines(self) -> dict[str, RackMachine]:
        """By name. Raises NotFound("no-rack") before the first start."""
        inventory = read_inventory(self.settings.state_dir)
        return {spec.name: RackMachine(inventory, spec) for spec in inventory.machines}

    async def start(self, machines: Sequence[MachineSpec]) -> None:
        """Have exactly these machines; those of the same name stay as they are.

        Machines that are there already and running run on. Raises BadRequest, Unavailable
        ("switch-unreachable") or Failed with the end of the rack's log.
        """
        check(self.settings, tuple(machines))
        known = _known(self.settings)
        inventory = Inventory(
            settings=self.settings,
            machines=tuple(machines),
            password=known.password if known else Chance().token_urlsafe(9),
            key=known.key if known else Chance().token_urlsafe(18),
        )
        running = self._processes()
        if running and inventory == known:
            await self._until_ready(running[0])
            return
        await asyncio.to_thread(processes.end, running)
        if known is not None and known != inventory:
            await asyncio.to_thread(_end_gone_machines, known, inventory)
        self.settings.run_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        write_inventory(inventory)
        await self._until_ready(await asyncio.to_thread(self._spawn))

    async def stop(self) -> None:
        """End everything of the rack and remove all it made."""
        await remove(self.settings)

    async def status(self) -> list[dict[str, Any]]:
        """Each machine: its power, and what an operator needs to enroll it."""
        return await self._ask("status")

    async def fault(self, machine: str, kind: FaultKind, **how: Any) -> None:
        """Break something; `how` has the fields of `Fault` that matter to the kind."""
        await self._ask("fault", machine=machine, kind=kind, **how)

    async def repair(self, machine: str, kind: FaultKind | None = None) -> None:
        """Mend it; without a kind, all that is broken in the machine."""
        await self._ask("repair", machine=machine, kind=kind)

    async def set_vlan(self, machine: str, vlan: int, *, nic: int = 0) -> None:
        """Move a NIC's port of the switch to another access VLAN; 0 for none."""
        await self._ask("vlan", machine=machine, vlan=vlan, nic=nic)

    async def is_on(self, machine: str) -> bool:
        """The truth, whatever the BMC says."""
        found = {one["name"]: one["power"] == "on" for one in await self.status()}
        return found[machine]

    async def set_power(self, machine: str, *, on: bool) -> None:
        """With a finger on the button, past the BMC."""
        await self._ask("power", machine=machine, on=on)

    async def set_boot(self, machine: str, device: BootDevice, *, once: bool = True) -> None:
        await self._ask("boot", machine=machine, device=device, once=once)

    async def insert(self, machine: str, image: Path) -> None:
        """Put a CD image into the drive."""
        await self._ask("insert", machine=machine, image=str(image))

    async def eject(self, machine: str) -> None:
        await self._ask("eject", machine=machine)

    async def _ask(self, verb: str, **words: Any) -> Any:
        return await asyncio.to_thread(control.ask, self.settings.control_socket, verb, **words)

    def _processes(self) -> list[ProcessId]:
        return processes.find(_mark(self.settings))

    def _spawn(self) -> ProcessId:
        settings = self.settings
        argv = [sys.executable, "-m", _FLOOR, str(settings.state_dir), str(settings.run_dir)]
        return processes.spawn(argv, words=settings.state_dir / "rack.log")

    async def _until_ready(self, process: ProcessId) -> None:
        end = self._clock.monotonic() + _START_S
        while True:
            try:
                await self.status()
                return
            except Unavailable:
                if not is_alive(process) or self._clock.monotonic() > end:
                    raise Failed(
                        f"The rack did not start: {_last_words(self.settings)}",
                        code="rack-failed",
                        remedy=f"The log is {self.settings.state_dir / 'rack.log'}.",
                    ) from None
            await self._clock.sleep(0.05)


async def remove(settings: RackSettings) -> None:
    """End a rack's processes, take its ports off the switch, remove its folders.

    Works on what a crash left, too, and where the switch or the namespace is gone already.
    """
    known = _known(settings)
    await asyncio.to_thread(_end_all, settings)
    if settings.switch_socket.exists():
        switch = Switch(settings, Clock())
        try:
            await switch.open(timeout_s=_GONE_S)
            await switch.clear()
        except Fault:
            pass  # a dead switch has no ports; its database goes with the cloud
        finally:
            await switch.close()
    if known is not None:
        ports = [n.port for spec in known.machines for n in known.identity(spec.name).nics]
        ports += [trunk_of(known.settings)]  # its other end goes with it
        await asyncio.to_thread(delete_links, settings.namespace, ports)
    for folder in (settings.run_dir, settings.state_dir):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _end_all(settings: RackSettings) -> None:
    """The rack's own process first: it would start the others again."""
    processes.end(processes.find(_mark(settings)))
    processes.end(processes.find(f"{settings.run_dir}/"))
    processes.end(processes.find(f"\0{settings.run_dir}\0"))


def _end_gone_machines(known: Inventory, wanted: Inventory) -> None:
    """What ran for machines that are no more, or that are another kind of machine now."""
    same = {spec.name: spec for spec in wanted.machines}
    run_dir = known.settings.run_dir
    changed = known.settings != wanted.settings
    # Every BMC starts anew: addresses follow from the machine's place in the list.
    processes.end(processes.find(f"{run_dir}/chassis") + processes.find(f"\0{run_dir}\0"))
    for number, spec in enumerate(known.machines):
        processes.end(processes.find(f"{run_dir}/{spec.name}.ipmi/"))
        moved = wanted.machines[number : number + 1] != (spec,)
        if changed or moved or same.get(spec.name) != spec:
            processes.end(processes.find(f"guest={run_dir}/{spec.name},"))
        if spec.name not in same:
            delete_links(known.settings.namespace, [n.port for n in known.identity(spec.name).nics])
            shutil.rmtree(known.settings.state_dir / spec.name, ignore_errors=True)


def _known(settings: RackSettings) -> Inventory | None:
    try:
        return read_inventory(settings.state_dir)
    except NotFound:
        return None


def _mark(settings: RackSettings) -> str:
    return f"{_FLOOR}\0{settings.state_dir}\0{settings.run_dir}\0"


def _last_words(settings: RackSettings) -> str:
    try:
        lines = (settings.state_dir / "rack.log").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it said nothing"

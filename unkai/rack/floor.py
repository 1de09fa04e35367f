"""The rack's own process: `python -m unkai.rack.floor STATE_DIR RUN_DIR`.

It moves into the rack's namespace and stays there, so everything it starts is born in it. On
SIGTERM it lets go: machines and BMCs run on and the next one adopts them, as after a `kill -9`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from unkai.kit import log as logs
from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.kit.errors import BadRequest, Fault, NotFound
from unkai.kit.log import log
from unkai.rack import control, faults, ipmi, redfish
from unkai.rack.inventory import read_inventory
from unkai.rack.machine import Machine
from unkai.rack.model import DOOR_PORT, REDFISH_PORT, Inventory, MachineSpec
from unkai.rack.panel import Panel
from unkai.rack.processes import Service
from unkai.rack.relay import TcpRelay, Toll, UdpRelay
from unkai.rack.switch import Switch


class Floor:
    """The machines, their BMCs and their doors, between entering and leaving `stand`."""

    def __init__(self, inventory: Inventory, clock: Clock) -> None:
        self._inventory = inventory
        self._clock = clock
        self._switch = Switch(inventory.settings, clock)
        self._machines = {
            spec.name: Machine(
                inventory.settings, spec, inventory.identity(spec.name), self._switch
            )
            for spec in inventory.machines
        }

    @asynccontextmanager
    async def stand(self) -> AsyncGenerator[None]:
        settings = self._inventory.settings
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._switch.close)
            await self._switch.open()
            await self._switch.build()
            for machine in self._machines.values():
                stack.push_async_callback(machine.close)
                await machine.open()
            ipmi.write_door(self._inventory)
            host = settings.inside_address
            door = await asyncio.start_server(self._chassis, host, DOOR_PORT)
            stack.callback(door.close)
            stack.callback((await control.serve(settings.control_socket, self._answer)).close)
            await self._start_bmcs(stack)
            yield

    async def _start_bmcs(self, stack: AsyncExitStack) -> None:
        inventory = self._inventory
        services: list[Service] = []
        for spec in inventory.machines:
            bmc = inventory.bmc(spec.name)
            identity = inventory.identity(spec.name)
            machine = self._machines[spec.name]
            toll = Toll(lambda machine=machine: machine.memory.faults)
            relay: UdpRelay | TcpRelay
            if spec.bmc == "ipmi":
                services.append(self._ipmi_service(spec))
                relay = UdpRelay((identity.inner_address, bmc.port), toll, self._clock)
            else:
                inner = (inventory.settings.inside_address, REDFISH_PORT)
                relay = TcpRelay(inner, toll, self._clock)
            await relay.open((bmc.address, bmc.port))
            stack.callback(relay.close)
        if any(spec.bmc == "redfish" for spec in inventory.machines):
            mark = redfish.mark(inventory)
            begin = lambda: redfish.start(inventory)  # noqa: E731  # a closure beside its mark
            services.append(Service("redfish", mark, begin, clock=self._clock))
        for service in services:
            stack.push_async_callback(service.close)
            service.open()

    def _ipmi_service(self, spec: MachineSpec) -> Service:
        inventory = self._inventory
        return Service(
            f"{spec.name}.ipmi",
            ipmi.mark(inventory, spec.name),
            lambda: ipmi.start(inventory, spec.name),
            clock=self._clock,
        )

    # --- doors

    async def _chassis(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question of ipmi_sim's program: key, machine, words."""
        with contextlib.suppress(OSError, EOFError, ValueError):
            key, name, *words = (await reader.readline()).decode().split()
            if key == self._inventory.key and name in self._machines:
                if words[0] == "set":  # a poll of the power is nothing to tell
                    log.info("rack.chassis", machine=name, words=" ".join(words))
                try:
                    lines = await ipmi.answer(Panel(self._machines[name]), words)
                    writer.write("".join(f"{line}\n" for line in [*lines, "ok"]).encode())
                except Fault as fault:
                    log.warning("rack.chassis_failed", machine=name, why=fault.message)
                    writer.write(f"{fault.message}\n".encode())
                await writer.drain()
        writer.close()

    async def _answer(self, words: dict[str, Any]) -> Any:
        verb = words.pop("verb", None)
        if verb == "status":
            return [self._describe(machine) for machine in self._machines.values()]
        machine = self._machines.get(str(words.pop("machine", "")))
        if machine is None:
            named = ", ".join(self._machines)
            raise NotFound(f"The rack has no such machine, only {named}.", code="no-machine")
        if str(verb).startswith("bmc-"):
            return await _bmc(Panel(machine), str(verb).removeprefix("bmc-"), words)
        return await self._do(machine, verb, words)

    async def _do(self, machine: Machine, verb: object, words: dict[str, Any]) -> Any:
        if verb == "fault":
            try:
                fault = msgspec.convert(words, faults.Fault)
            except msgspec.ValidationError as error:
                raise BadRequest(f"No such fault: {error}.", code="rack-invalid") from error
            await machine.break_it(fault)
        elif verb == "repair":
            await machine.mend(words.get("kind"))
        elif verb == "vlan":
            nic = machine.identity.nics[int(words["nic"])]
            await self._switch.set_vlan(nic.port, int(words["vlan"]))
        else:
            await _bmc(Panel(machine, honest=True), str(verb), words)
        return self._describe(machine)

    def _describe(self, machine: Machine) -> dict[str, Any]:
        spec, identity = machine.spec, machine.identity
        bmc = self._inventory.bmc(spec.name)
        nics = [
            {
                "mac": nic.mac,
                "vlan": self._switch.vlan(nic.port),
                "local_link_connection": {
                    "switch_id": self._switch.id,
                    "port_id": nic.port,
                    "switch_info": self._inventory.settings.bridge,
                },
            }
            for nic in identity.nics
        ]
        return {
            "name": spec.name,
            "power": "on" if machine.is_on else "off",
            "driver": bmc.kind,
            "driver_info": bmc.driver_info,
            "boot_mode": spec.firmware,
            "ports": nics,
            "properties": {
                "cpus": spec.vcpus,
                "memory_mb": spec.memory_mib,
                "local_gb": spec.disk_gib,
                "cpu_arch": "x86_64",
            },
            "vendor": spec.vendor,
            "product": spec.product,
            "serial": identity.serial,
            "uuid": identity.uuid,
            "boot_device": machine.memory.boot,
            "faults": msgspec.to_builtins(machine.memory.faults),
            "console_log": str(machine.folder / "console.log"),
        }


async def _bmc(panel: Panel, verb: str, words: dict[str, Any]) -> Any:
    if verb == "panel":
        return {
            "power": panel.reported_power(),
            "boot": panel.boot,
            "medium": panel.medium,
            "bios": panel.bios,
        }
    if verb == "power":
        await panel.power(on=words["on"])
    elif verb == "reset":
        await panel.reset()
    elif verb == "press":
        await panel.press_power_button()
    elif verb == "boot":
        panel.set_boot(words["device"], once=words["once"])
    elif verb == "bios":
        panel.set_bios(words["settings"])
    elif verb == "insert":
        await panel.insert(Path(words["image"]))
    elif verb == "eject":
        await panel.eject()
    else:
        raise BadRequest(f"The rack does not know {verb!r}.", code="rack-invalid")
    return None


async def serve(state_dir: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Floor(read_inventory(state_dir), Clock()).stand():
        log.info("rack.ready")
        await stop.wait()


def main() -> None:
    logs.configure(as_json=True)
    inventory = read_inventory(Path(sys.argv[1]))
    netns.enter(inventory.settings.namespace)
    try:
        asyncio.run(serve(inventory.settings.state_dir))
    except Fault as fault:
        log.error("rack.cannot_stand", error=fault.public)
        raise SystemExit(1) from fault


if __name__ == "__main__":
    main()

"""One machine: its power, its boot order, its media and what is broken in it.

The truth about the power is whether the process runs. Everything else that a machine remembers
while it is off (boot device, medium, faults) is in a small file beside its disk.

A one-time boot device is spent the moment the machine starts: the firmware has read its boot order
by then, and the one for the next reset is set at once. So a guest that reboots by itself already
finds the usual order.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from unkai.kit.errors import Conflict, Failed
from unkai.kit.log import log
from unkai.kit.process import ProcessId, is_alive
from unkai.rack import command, processes
from unkai.rack.faults import Fault
from unkai.rack.model import SERIAL_PORT, BootDevice, Identity, MachineSpec, RackSettings
from unkai.rack.monitor import Monitor
from unkai.rack.serial import SerialLine
from unkai.rack.switch import Switch

_CONSOLE_MAX_BYTES: Final = 8 << 20
_BROKEN_NODE: Final = "broken"


class Memory(Struct, kw_only=True):
    """What outlasts a power cycle. `medium` is the file in the CD drive."""

    boot: BootDevice = "none"
    boot_once: bool = False
    medium: str = ""
    faults: dict[str, Fault] = {}
    bios: dict[str, str] = {}
    """Settings that are not the default's."""
    bios_next: dict[str, str] | None = None
    """What the next start makes of them; None: nothing new."""


class Machine:
    """`open` adopts a process that runs; one verb at a time, however many ask."""

    def __init__(
        self, settings: RackSettings, spec: MachineSpec, identity: Identity, switch: Switch
    ) -> None:
        self.spec = spec
        self.identity = identity
        self.folder = settings.state_dir / spec.name
        self.memory = Memory()
        self._settings = settings
        self._switch = switch
        self._socket = settings.run_dir / f"{spec.name}.qmp"
        self._serial_socket = settings.run_dir / f"{spec.name}.tty"
        self._serial = SerialLine()
        self._process: ProcessId | None = None
        self._monitor: Monitor | None = None
        self._watch: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    # --- life of the rack

    async def open(self) -> None:
        """Have its disk and its cables; adopt its process."""
        await asyncio.to_thread(self._prepare)
        await self._serial.open(self.identity.inner_address, SERIAL_PORT)
        await self._switch.plug(self.spec.name, self.identity.nics)
        found = processes.find(f"{command.mark(self._settings, self.spec.name)},")
        if found:
            self._monitor = await Monitor.connect(self._socket)
            await self._serial.attach(self._serial_socket)
            self._hold(found[0])
        for fault in self.memory.faults.values():
            await self._apply(fault, broken=True)

    async def close(self) -> None:
        """Let go; it runs on."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._hang_up()
        await self._serial.close()

    # --- the front panel

    @property
    def is_on(self) -> bool:
        return self._process is not None and is_alive(self._process)

    async def power_on(self) -> None:
        async with self._turn:
            if not self.is_on:
                await self._start()

    async def power_off(self) -> None:
        """Pull the plug."""
        async with self._turn:
            process = self._process
            if process is not None:
                await self._hang_up()
                await asyncio.to_thread(processes.end, [process])
                if self._watch is not None:
                    await self._watch
                if is_alive(process):
                    raise Failed(f"Process {process.pid} of {self.spec.name} does not end.")

    async def press_power_button(self) -> None:
        """What comes of it is the operating system's decision."""
        async with self._turn:
            if self._monitor is not None and self.is_on:
                await self._monitor.execute("system_powerdown")

    async def reset(self) -> None:
        async with self._turn:
            if self._monitor is None or not self.is_on:
                return
            await self._monitor.set_boot_order(self._order(self.memory.boot))
            await self._monitor.reset()
            await self._spend_boot_device()

    async def power_cycle(self) -> None:
        await self.power_off()
        await self.power_on()

    def set_boot(self, device: BootDevice, *, once: bool) -> None:
        """From the next power on or reset."""
        self.memory.boot, self.memory.boot_once = device, once
        self._remember()

    def set_bios(self, settings: dict[str, str] | None) -> None:
        """From the next power on or reset; None: as it was built."""
        now = self.memory.bios if self.memory.bios_next is None else self.memory.bios_next
        self.memory.bios_next = {} if settings is None else {**now, **settings}
        self._remember()

    # --- virtual media

    async def insert(self, image: Path) -> None:
        """Put a copy of the file into the drive, whatever was in it before."""
        medium = self.folder / command.CD_FILE
        async with self._turn:
            await self._eject()
            await asyncio.to_thread(_copy, image, medium, self._settings.uid)
            self.memory.medium = command.CD_FILE
            self._remember()
            await self._load_medium()

    async def eject(self) -> None:
        async with self._turn:
            await self._eject()

    async def _eject(self) -> None:
        if self._monitor is not None and self.is_on and self.memory.medium:
            await self._monitor.execute("eject", id="cd0", force=True)
        self.memory.medium = ""
        self._remember()
        (self.folder / command.CD_FILE).unlink(missing_ok=True)

    async def _load_medium(self) -> None:
        if self._monitor is not None and self.is_on and self.memory.medium:
            medium = {"filename": self.memory.medium, "format": "raw"}
            await self._monitor.execute(
                "blockdev-change-medium", id="cd0", read_only_mode="read-only", **medium
            )

    # --- faults

    async def break_it(self, fault: Fault) -> None:
        if fault.nic not in range(self.spec.nics):
            raise Conflict(f"{self.spec.name} has no NIC {fault.nic}.", code="rack-invalid")
        async with self._turn:
            await self._mend(fault.kind)
            self.memory.faults[fault.kind] = fault
            self._remember()
            await self._apply(fault, broken=True)

    async def mend(self, kind: str | None = None) -> None:
        async with self._turn:
            for one in [kind] if kind else list(self.memory.faults):
                await self._mend(one)

    async def _mend(self, kind: str) -> None:
        fault = self.memory.faults.pop(kind, None)
        if fault is not None:
            self._remember()
            await self._apply(fault, broken=False)

    async def _apply(self, fault: Fault, *, broken: bool) -> None:
        """Bring a break of the machine itself into the world; those of the BMC are asked for."""
        nic = self.identity.nics[fault.nic]
        if fault.kind == "mute":
            await self._switch.mute(nic.port, muted=broken)
        if self._monitor is None or not self.is_on:
            return
        if fault.kind == "nic-no-link":
            await self._monitor.execute("set_link", name=f"nic{fault.nic}", up=not broken)
        elif fault.kind == "disk-fails":
            await _set_disk(self._monitor, fault if broken else None)
        elif fault.kind == "hangs" and not broken:
            await self._monitor.execute("cont")

    # --- inside

    def _order(self, device: BootDevice) -> list[str]:
        return command.boot_order(device, self.spec)

    async def _start(self) -> None:
        device = self.memory.boot
        self._trim_console()
        with _listening(self._socket) as listener, _listening(self._serial_socket) as tty:
            taps = [self._switch.open_tap(nic) for nic in self.identity.nics]
            try:
                wiring = command.Wiring(
                    monitor_fd=listener.fileno(), serial_fd=tty.fileno(), tap_fds=tuple(taps)
                )
                process = processes.spawn(
                    command.command_line(self._settings, self.spec, self.identity, wiring, device),
                    words=self.folder / "qemu.log",
                    folder=self.folder,
                    fds=[listener.fileno(), tty.fileno(), *taps],
                    uid=self._settings.uid,
                )
            finally:
                for tap in taps:
                    os.close(tap)
        self._hold(process)
        try:
            self._monitor = await Monitor.connect(self._socket)
            await self._serial.attach(self._serial_socket)
            await self._load_medium()
            for fault in self.memory.faults.values():
                await self._apply(fault, broken=True)
            await self._spend_boot_device()
            if "hangs" not in self.memory.faults:
                await self._monitor.execute("cont")
        except Failed as error:
            processes.end([process])
            words = (self.folder / "qemu.log").read_text(errors="replace").splitlines()
            said = words[-1] if words else "it said nothing"
            raise Failed(f"{self.spec.name} does not start: {said}.") from error
        log.info("rack.power_on", machine=self.spec.name, pid=process.pid, boot=device)

    async def _spend_boot_device(self) -> None:
        """The present boot has its order: what follows is the order of the next one.

        So has its BIOS its settings.
        """
        if self.memory.bios_next is not None:
            self.memory.bios, self.memory.bios_next = self.memory.bios_next, None
            self._remember()
        if self.memory.boot_once:
            self.set_boot("none", once=False)
        if self._monitor is not None:
            await self._monitor.set_boot_order(self._order(self.memory.boot))

    def _hold(self, process: ProcessId) -> None:
        self._process = process
        self._watch = asyncio.create_task(self._until_off(process), name=self.spec.name)

    async def _until_off(self, process: ProcessId) -> None:
        await processes.ended(process)
        log.info("rack.power_off", machine=self.spec.name, pid=process.pid)
        if self._process == process:  # it may have been switched on again meanwhile
            self._process = None
            await self._hang_up()

    async def _hang_up(self) -> None:
        self._serial.detach()
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            await monitor.close()

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        disks = [self.folder / command.disk_file(number) for number in range(self.spec.disks)]
        for disk in disks:
            if not disk.exists():
                _make_disk(disk, self.spec.disk_gib)
        variables = self.folder / command.VARIABLES_FILE
        if self.spec.firmware == "uefi" and not variables.exists():
            shutil.copyfile(command.UEFI_VARIABLES, variables)
        if (self.folder / "memory.json").exists():
            self.memory = msgspec.json.decode(
                (self.folder / "memory.json").read_bytes(), type=Memory
            )
        if self._settings.uid is not None:
            for path in (self.folder, *disks, variables):
                if path.exists():
                    os.chown(path, self._settings.uid, self._settings.uid)

    def _remember(self) -> None:
        new = self.folder / "memory.new"
        new.write_bytes(msgspec.json.encode(self.memory))
        new.replace(self.folder / "memory.json")

    def _trim_console(self) -> None:
        """Keep what was said before this start, but not for ever."""
        console = self.folder / command.CONSOLE_LOG
        if console.exists() and console.stat().st_size > _CONSOLE_MAX_BYTES:
            console.replace(console.with_suffix(".old"))


async def _set_disk(monitor: Monitor, fault: Fault | None) -> None:
    """Hang the disk below a node that fails, or below its image again."""
    nodes: list[dict[str, Any]] = await monitor.execute("query-named-block-nodes", flat=True)
    broken = any(node["node-name"] == _BROKEN_NODE for node in nodes)
    if fault is not None and not broken:
        kinds = [kind for kind in ("read", "write") if fault.io in (kind, "any")]
        kinds += ["write-zeroes"] if "write" in kinds else []
        rules = [{"event": "none", "iotype": kind, "errno": 5} for kind in kinds]
        await monitor.execute(
            "blockdev-add",
            driver="blkdebug",
            node_name=_BROKEN_NODE,
            image=command.IMAGE_NODE,
            inject_error=rules,
        )
    below = command.IMAGE_NODE if fault is None else _BROKEN_NODE
    disk = {"driver": "raw", "node-name": command.DISK_NODE, "discard": "unmap", "file": below}
    await monitor.execute("blockdev-reopen", options=[disk])
    if fault is None and broken:
        await monitor.execute("blockdev-del", node_name=_BROKEN_NODE)


def _make_disk(disk: Path, size_gib: int) -> None:
    done = subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", disk, f"{size_gib}G"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if done.returncode != 0:
        raise Failed(f"The disk {disk} cannot be made: {done.stderr.strip()}.")


def _copy(source: Path, target: Path, uid: int | None) -> None:
    """Its own copy: the BMC removes what it fetched."""
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)
    if uid is not None:
        os.chown(target, uid, uid)


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(4)
    return listener
